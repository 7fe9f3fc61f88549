package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"chatroom/internal/chat"
)

// bench is one room under the scripts alone.
type bench struct {
	t     *testing.T
	redis *server
	s     *store
	k     roomKeys
	epoch string
}

const (
	benchRoom  = chat.RoomID(12345)
	benchNode  = "0123456789abcdef0123456789abcdef"
	benchNonce = "00112233445566778899aabb"
)

func newBench(t *testing.T) *bench {
	t.Helper()
	redis := launch(t)
	s, err := openStore(context.Background(), Config{URL: "redis://" + redis.addr()}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return &bench{t: t, redis: redis, s: s, k: s.keys.room(benchRoom), epoch: hex16(7)}
}

// run runs a script; the answer's fields are joined by spaces, member values and ids left out.
func (b *bench) run(sc *script, keys []string, args ...string) string {
	b.t.Helper()
	f, err := fields(b.s.run(b.t.Context(), sc, keys, args))
	if err != nil {
		b.t.Fatalf("%s: %v", sc.name, err)
	}
	for i := range f {
		if len(f[i]) > 40 || strings.ContainsFunc(f[i], func(c rune) bool { return c < ' ' || c > '~' }) {
			f[i] = "*"
		}
	}
	return strings.Join(f, " ")
}

func (b *bench) want(got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("got %q, want %q", got, want)
	}
}

func (b *bench) create(epoch string) string {
	k := &b.k
	return b.run(scriptCreate, []string{k.meta, k.members, k.tomb, k.rooms},
		decimal(uint64(benchRoom)), epoch, "name", "0", "1000", "4020", "1", hex16(1), benchNonce, benchNode, "Ann")
}

func (b *bench) join(resume, client, inc, nonce string) string {
	k := &b.k
	return b.run(scriptJoin, []string{k.meta, k.members, k.tomb, k.channel}, benchNode[:16], resume, client, inc, nonce, benchNode, "2000", "Ben", "4020")
}

func (b *bench) leave(client, inc, due string) string {
	k := &b.k
	return b.run(scriptLeave, []string{k.meta, k.members, k.log, k.ids, k.idq, k.past, k.tomb, k.channel, k.rooms},
		benchNode[:16], decimal(uint64(benchRoom)), client, inc, benchNonce, due, "3000", "left", "600", "4020")
}

func (b *bench) recover(epoch string, seq int, last string, limit int) string {
	k := &b.k
	return b.run(scriptRecover, []string{k.meta, k.log, k.tomb, k.channel}, benchNode[:16], epoch, strconv.Itoa(seq), last, strconv.Itoa(limit), hex16(99))
}

// limits of a publish.
type benchLimits struct{ messages, bytes, age, dedupe int }

var wide = benchLimits{1000, 1 << 20, 4_000_000, 300_000}

func (b *bench) publish(l benchLimits, known int, last, inc string, ids ...string) string {
	k := &b.k
	args := []string{benchNode[:16], b.epoch, strconv.Itoa(known), last, "1", strconv.Itoa(l.messages), strconv.Itoa(l.bytes), strconv.Itoa(l.age), strconv.Itoa(l.dedupe), "4020"}
	for _, id := range ids {
		args = append(args, "1", inc, "nonce:"+id, record(&chat.Pending{At: 5, MessageID: messageID(id), Body: make([]byte, 100)}))
	}
	return b.run(scriptPublish, []string{k.meta, k.log, k.ids, k.idq, k.members, k.tomb, k.channel}, args...)
}

// messageID makes a message id out of a name.
func messageID(name string) (id chat.MessageID) {
	copy(id[:], name)
	return id
}

func text16(name string) string {
	id := messageID(name)
	return string(id[:])
}

func TestCreateContract(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(b.create(b.epoch), "OK *")
	b.want(b.create(b.epoch), "OK *") // the same call again
	b.want(b.create(hex16(8)), "TAKEN")
	b.want(b.leave("1", hex16(1), "0"), "OK 0 "+b.epoch+" 0 2 Ann 1")
	b.want(b.create(hex16(9)), "TAKEN") // its id rests
	if n := b.redis.int("ZCARD", b.k.rooms); n != 0 {
		t.Errorf("%d rooms are listed", n)
	}
}

func TestMembershipContract(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := strings.Repeat("f", 24)
	b.want(b.join("0", "2", hex16(2), benchNonce), "NOROOM ")
	b.create(b.epoch)
	b.want(b.join("1", "2", hex16(2), benchNonce), "NOPLACE")
	joined := fmt.Sprintf(" * 2 %s 0 * 2 name 0 1000 1", b.epoch)
	b.want(b.join("0", "2", hex16(2), benchNonce), "OK 1"+joined)
	b.want(b.join("0", "2", hex16(2), benchNonce), "OK 0"+joined) // nobody is told twice
	b.want(b.join("1", "2", hex16(3), other), "NOPLACE")
	b.want(b.join("1", "2", hex16(3), benchNonce), "OK 0"+joined)
	b.want(b.leave("2", hex16(2), "0"), "ABSENT 2 "+b.epoch+" 0 2") // a former connection
	b.want(b.leave("2", "", "1"), "ABSENT 2 "+b.epoch+" 0 2")       // connected: nothing is due
	detach := func(inc, window string) string {
		return b.run(scriptDetach, []string{b.k.members}, "2", inc, benchNonce, window)
	}
	b.want(detach(hex16(2), "1"), "ABSENT")
	b.want(detach(hex16(3), "60000"), "OK *")
	b.want(b.leave("2", "", "1"), "ABSENT 2 "+b.epoch+" 0 2")
	b.want(detach("", "-1"), "OK *")
	b.want(b.leave("2", "", "1"), "OK 1 "+b.epoch+" 0 3 Ben 0")
	rename := func(client, inc string) string {
		return b.run(scriptRename, []string{b.k.meta, b.k.members, b.k.tomb, b.k.channel}, benchNode[:16], client, inc, benchNonce, "4000", "Eve")
	}
	b.want(rename("2", hex16(3)), "NOTMEMBER")
	b.want(rename("1", hex16(9)), "NOTMEMBER")
	b.want(rename("1", hex16(1)), "OK Ann * 1 "+b.epoch+" 0 4")
	remove := func() string {
		k := &b.k
		return b.run(scriptDelete, []string{k.meta, k.members, k.log, k.ids, k.idq, k.past, k.tomb, k.channel, k.rooms},
			benchNode[:16], decimal(uint64(benchRoom)), "5000", "600")
	}
	b.want(remove(), "OK 1 "+b.epoch+" 0 5")
	b.want(remove(), "NOROOM deleted")
	b.want(rename("1", hex16(1)), "NOROOM deleted")
	b.want(b.join("0", "2", hex16(2), benchNonce), "NOROOM deleted")
}

func TestPublishContract(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	none, one := text16(""), text16("one")
	b.want(b.publish(wide, 0, none, hex16(1), "one"), "NOROOM ")
	b.create(hex16(8))
	b.want(b.publish(wide, 0, none, hex16(1), "one"), "EPOCH "+hex16(8))
	b.epoch = hex16(8)
	b.want(b.publish(wide, 0, none, hex16(2), "one"), "OK 1 * 0") // -1, read as no number above zero
	if n := b.redis.int("EXISTS", b.k.log, b.k.ids); n != 0 {
		t.Error("a refused message left something")
	}
	b.want(b.publish(wide, 0, none, hex16(1), "one", "one", "two"), "OK 1 * 0 * 0")
	b.want(b.publish(wide, 1, one, hex16(1), "one"), "OK 3 * *")
	b.want(b.publish(wide, 3, one, hex16(1), "three"), "FORK") // the node has shown more
	b.want(b.publish(wide, 2, one, hex16(1), "three"), "FORK") // and something else
	b.want(b.publish(wide, -1, "", hex16(1), "three"), "OK 3 * 0")
	if n := b.redis.int("XLEN", b.k.log); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestTheLogIsTrimmed(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]benchLimits{"count": {50, 1 << 20, 4_000_000, 300_000}, "bytes": {1000, 50 * 128, 4_000_000, 300_000}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.create(b.epoch)
			for i := range 320 {
				b.publish(l, -1, "", hex16(1), fmt.Sprint("m", i))
			}
			if n := b.redis.int("XLEN", b.k.log); n != 50 {
				t.Errorf("%d entries, want 50", n)
			}
			b.want(b.recover(b.epoch, 270, text16("m269"), 1), "OK 320 1 *")
			b.want(b.recover(b.epoch, 269, text16("m268"), 1), "TRIMMED")
		})
	}
	b := newBench(t)
	b.create(b.epoch)
	for i := range 32 {
		b.publish(benchLimits{1000, 1 << 20, -1, 300_000}, -1, "", hex16(1), fmt.Sprint("m", i))
	}
	if n := b.redis.int("XLEN", b.k.log); n != 1 {
		t.Errorf("%d entries after their age, want the newest only", n)
	}
}

func TestIDsAreForgottenAfterTheWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(b.epoch)
	short := wide
	for i := range 10 {
		b.publish(short, -1, "", hex16(1), fmt.Sprint("m", i))
	}
	b.want(b.publish(short, -1, "", hex16(1), "m3"), "OK 11 * *")
	short.dedupe = -1 // everything is old
	b.publish(short, -1, "", hex16(1), "n1")
	if n := b.redis.int("HLEN", b.k.ids); n != 7 {
		t.Errorf("%d ids after one message, want 7: at most four go with each", n)
	}
	b.want(b.publish(wide, -1, "", hex16(1), "m3"), "OK 12 * 0")
	b.want(b.publish(wide, -1, "", hex16(1), "m4"), "OK 13 * *")
	if h, q := b.redis.int("HLEN", b.k.ids), b.redis.int("LLEN", b.k.idq); h != q {
		t.Errorf("%d ids but %d in their queue", h, q)
	}
}

func TestRecoverContract(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(b.recover(b.epoch, 0, text16(""), 10), "NOROOM ")
	b.create(b.epoch)
	b.want(b.recover(b.epoch, 0, text16(""), 10), "OK 0 1")
	b.publish(wide, -1, "", hex16(1), "a", "b", "c")
	b.want(b.recover(b.epoch, 0, text16(""), 2), "OK 3 1 * *")
	b.want(b.recover(b.epoch, 3, text16("c"), 10), "OK 3 1")
	b.want(b.recover(hex16(8), 3, text16("c"), 10), "EPOCH "+b.epoch)
	for at, last := range map[int]string{4: "d", 3: "x", 2: "x"} {
		b.redis.do("HSET", b.k.meta, "e", b.epoch)
		b.want(b.recover(b.epoch, at, text16(last), 10), "FORK "+hex16(99))
		b.want(b.recover(b.epoch, at, text16(last), 10), "EPOCH "+hex16(99)) // whoever comes second adopts it
	}
}

func TestRebuildContract(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	value := func(inc uint64, since int) string {
		return hex16(inc) + benchNonce + benchNode + fmt.Sprintf("%013d%013d%013d", since, 0, 0) + "Ann"
	}
	rebuild := func(epoch, v string) string {
		k := &b.k
		return b.run(scriptRebuild, []string{k.meta, k.members, k.tomb, k.rooms},
			decimal(uint64(benchRoom)), epoch, "name", "1", "1000", "1", "5", "4020", "1", v)
	}
	b.want(rebuild(b.epoch, value(1, 10)), "OK 1 "+b.epoch+" 0 * 6 name 1 1000 1")
	b.want(rebuild(hex16(8), value(2, 9)), "OK 1 "+b.epoch+" 0 * 7 name 1 1000 1")
	if v, _ := b.redis.do("HGET", b.k.members, "1").ToString(); v != value(1, 10) {
		t.Error("an older incarnation took the place back")
	}
	rebuild(hex16(8), value(3, 11))
	if v, _ := b.redis.do("HGET", b.k.members, "1").ToString(); v != value(3, 11) {
		t.Error("the newer incarnation did not get its place back")
	}
	touch := []string{b.k.meta, b.k.members, b.k.log, b.k.ids, b.k.idq, b.k.past, b.k.rooms}
	if n, err := b.s.run(t.Context(), scriptTouch, touch, []string{"77"}).AsInt64(); n != 1 || err != nil || b.redis.int("TTL", b.k.members) > 77 {
		t.Errorf("touch: %d %v", n, err)
	}
	prune := func() int64 {
		n, err := b.s.run(t.Context(), scriptPrune, []string{b.k.meta, b.k.rooms}, []string{decimal(uint64(benchRoom))}).AsInt64()
		if err != nil {
			t.Error(err)
		}
		return n
	}
	if prune() != 0 {
		t.Error("a living room was taken out of the list")
	}
	b.redis.do("DEL", b.k.meta)
	if prune() != 1 {
		t.Error("a room that is no more stays in the list")
	}
	b.redis.do("SET", b.k.tomb, "empty")
	b.want(rebuild(b.epoch, value(1, 10)), "NOROOM empty") // it died, it was not lost
}
