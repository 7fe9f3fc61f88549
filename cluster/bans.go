package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// ban is a record in Redis: what operators see, and the session.
type ban struct {
	chat.Ban
	Nonce []byte `json:"nonce"`
}

// banList is the node's copy of all bans. Frozen once stored.
type banList struct {
	version   int64
	byID      map[string]ban
	addresses map[string]int64 // canonical → until
	sessions  map[chat.Nonce]int64
}

// bans answers on the node's copy; the list in Redis has a version that is looked at every second,
// and whoever changes it says so through the control log.
type bans struct {
	// Immutable after open.
	l *life

	// Guarded by mu: one refresh at a time.
	mu sync.Mutex

	// Atomic; any goroutine.
	list   atomic.Pointer[banList]
	wanted atomic.Bool
}

func newBans(l *life) *bans {
	b := &bans{l: l}
	b.forget()
	return b
}

func (b *bans) key() string { return b.l.c.store.keys.tagged("ban", "all") }

// canonical is how an address is banned: without its port, zone and IPv4 mapping, and of IPv6 only
// the /64, which one subscriber has whole. What is no address is empty.
func canonical(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		ap, err := netip.ParseAddrPort(ip)
		if err != nil {
			return ""
		}
		a = ap.Addr()
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}

// address says whether handshakes from ip are refused.
func (b *bans) address(ip string) bool {
	list := b.list.Load()
	return len(list.addresses) > 0 && list.addresses[canonical(ip)] > b.l.lease.now()
}

// session says whether the session may not be resumed, as far as this node knows.
func (b *bans) session(nonce chat.Nonce) bool {
	list := b.list.Load()
	return len(list.sessions) > 0 && list.sessions[nonce] > b.l.lease.now()
}

// lookUp asks Redis the same.
func (b *bans) lookUp(ctx context.Context, nonce chat.Nonce) (bool, error) {
	s := b.l.c.store
	id, err := s.do(ctx, s.client.B().Hget().Key(b.key()).Field("s:"+string(nonce[:])).Build()).ToString()
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := s.do(ctx, s.client.B().Hget().Key(b.key()).Field(id).Build()).AsBytes()
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var r ban
	return json.Unmarshal(text, &r) == nil && r.Until > b.l.lease.now(), nil
}

// forget drops the copy; it is not written back.
func (b *bans) forget() {
	b.list.Store(&banList{})
	b.wanted.Store(true)
}

// want makes the next look read the list at once.
func (b *bans) want() {
	b.wanted.Store(true)
	b.refresh()
}

// load reads the list; Start only.
func (b *bans) load(ctx context.Context) error {
	if err := b.read(ctx); err != nil {
		return fmt.Errorf("cluster: bans: %w", err)
	}
	return nil
}

// refresh reads the list when its version has changed. A list that has gone, though bans of it are
// still to last, was lost: it is written back.
func (b *bans) refresh() {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.l.c.store
	ctx := b.l.ctx
	version, err := s.do(ctx, s.client.B().Hget().Key(b.key()).Field("v").Build()).AsInt64()
	if err != nil && !rueidis.IsRedisNil(err) {
		return // the next look is near
	}
	list := b.list.Load()
	if version < list.version {
		if err := b.put(ctx, true, b.lasting()...); err != nil {
			return
		}
	} else if version == list.version && !b.wanted.Load() {
		return
	}
	b.wanted.Store(false)
	if b.read(ctx) != nil {
		b.wanted.Store(true)
	}
}

// lasting are the bans of the copy that have not ended.
func (b *bans) lasting() []ban {
	var all []ban
	for _, r := range b.list.Load().byID {
		if r.Until > b.l.lease.now() {
			all = append(all, r)
		}
	}
	return all
}

// put writes bans, with missing only those that Redis does not have.
func (b *bans) put(ctx context.Context, missing bool, list ...ban) error {
	if len(list) == 0 {
		return nil
	}
	args := []string{"0"}
	if missing {
		args[0] = "1"
	}
	for _, r := range list {
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		args = append(args, r.ID, string(r.Nonce), strconv.FormatInt(r.Until, 10), string(text))
	}
	return b.l.c.store.run(ctx, scriptBan, []string{b.key()}, args).Error()
}

// read makes a new copy, in steps that do not hold Redis up.
func (b *bans) read(ctx context.Context) error {
	s := b.l.c.store
	list := &banList{byID: make(map[string]ban), addresses: make(map[string]int64), sessions: make(map[chat.Nonce]int64)}
	now := b.l.lease.now()
	var over []string
	for cursor := uint64(0); ; {
		entry, err := s.do(ctx, s.client.B().Hscan().Key(b.key()).Cursor(cursor).Count(512).Build()).AsScanEntry()
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(entry.Elements); i += 2 {
			field, value := entry.Elements[i], entry.Elements[i+1]
			if field == "v" {
				list.version, _ = strconv.ParseInt(value, 10, 64)
				continue
			}
			var r ban
			if strings.HasPrefix(field, "s:") || json.Unmarshal([]byte(value), &r) != nil {
				continue
			}
			if r.Until <= now {
				over = append(over, r.ID, "s:"+string(r.Nonce))
				continue
			}
			list.add(r)
		}
		if cursor = entry.Cursor; cursor == 0 {
			break
		}
	}
	b.list.Store(list)
	if len(over) > 0 {
		// What does not succeed here is tried at the next reading.
		_ = s.do(ctx, s.client.B().Hdel().Key(b.key()).Field(over...).Build()).Error()
	}
	return nil
}

func (l *banList) add(r ban) {
	l.byID[r.ID] = r
	if r.IP != "" {
		l.addresses[r.IP] = max(l.addresses[r.IP], r.Until)
	}
	if len(r.Nonce) == len(chat.Nonce{}) {
		nonce := chat.Nonce(r.Nonce)
		l.sessions[nonce] = max(l.sessions[nonce], r.Until)
	}
}

// all are the bans in force, the newest end first.
func (b *bans) all() []chat.Ban {
	list := make([]chat.Ban, 0)
	for _, r := range b.lasting() {
		list = append(list, r.Ban)
	}
	slices.SortFunc(list, func(x, y chat.Ban) int {
		if x.Until != y.Until {
			return int(min(1, max(-1, y.Until-x.Until)))
		}
		return strings.Compare(x.ID, y.ID)
	})
	return list
}
