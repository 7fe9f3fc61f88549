package nodetest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"chatroom/internal/servers"
	"chatroom/wsproto"
)

// The herd: so many that each room is far bigger than what a node reads of it.
const (
	herdRooms  = 20
	herdPeople = 100 // in each
	herdMissed = 5   // messages of each room while all are away
)

// sheep is one of many: it reads as little as it can. Owned by one goroutine at a time.
type sheep struct {
	address          string // of the node it comes back to
	conn             *wsproto.Conn
	session          string
	room, seq        int64
	epoch, messageID string
	back             time.Duration // how long the last way took
	refused          int
}

var errBusy = errors.New("the node has no time")

type bleat struct {
	Type, Session, Epoch, MessageID, Code string
	RoomID, Seq                           int64
	Resumed, Recovered                    bool
}

// next reads until an event of one of the types comes.
func (s *sheep) next(ctx context.Context, kinds ...string) (b bleat, err error) {
	for {
		payload, err := s.conn.ReadMessage(ctx)
		if err != nil {
			return b, err
		}
		b = bleat{}
		if err := json.Unmarshal(payload, &b); err != nil {
			return b, err
		}
		if slices.Contains(kinds, b.Type) {
			return b, nil
		}
		if b.Type == "ERROR" && b.Code == "UNAVAILABLE" {
			return b, errBusy
		} else if b.Type == "ERROR" {
			return b, fmt.Errorf("%s", payload)
		}
	}
}

func (s *sheep) dial(ctx context.Context, address string) error {
	conn, err := wsproto.Dial(ctx, address, wsproto.DialOptions{})
	if err != nil {
		return err
	}
	s.conn = conn
	b, err := s.next(ctx, "CONNECT")
	if s.session == "" {
		s.session = b.Session
	}
	return err
}

// come connects and enters the room; the one message said there is its position.
func (s *sheep) come(ctx context.Context, address string) error {
	if err := s.dial(ctx, address); err != nil {
		return err
	}
	if err := s.conn.WriteText(ctx, fmt.Appendf(nil, `{"type":"JOIN_ROOM","roomId":%d,"replay":1}`, s.room)); err != nil {
		return err
	}
	b, err := s.next(ctx, "NEW_MESSAGE")
	s.epoch, s.seq, s.messageID = b.Epoch, b.Seq, b.MessageID
	return err
}

// persist tries as the page does, with full jitter: a node that has no id at hand, or whose Redis has
// no time, says so, before or behind the handshake.
func (s *sheep) persist(ctx context.Context, f func(context.Context) error) error {
	began := time.Now()
	defer func() { s.back = time.Since(began) }()
	for wait := 500 * time.Millisecond; ; wait = min(2*wait, 4*time.Second) {
		err := f(ctx)
		var refused *wsproto.ResponseError
		var closed *wsproto.CloseError
		busy := errors.As(err, &refused) && refused.Status == http.StatusServiceUnavailable ||
			errors.As(err, &closed) && closed.Code == 1013 || errors.Is(err, errBusy)
		if !busy || ctx.Err() != nil {
			return err
		}
		s.refused++
		s.close()
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(wait)):
		}
	}
}

func (s *sheep) close() {
	if s.conn != nil {
		_ = s.conn.CloseNow()
	}
	s.conn = nil
}

func (s *sheep) resume(ctx context.Context) error {
	if err := s.dial(ctx, s.address); err != nil {
		return err
	}
	if err := s.conn.WriteText(ctx, fmt.Appendf(nil, `{"type":"RESUME","session":%q,"epoch":%q,"seq":%d,"messageId":%q}`,
		s.session, s.epoch, s.seq, s.messageID)); err != nil {
		return err
	}
	b, err := s.next(ctx, "ROOM_JOINED")
	if err != nil {
		return err
	}
	if b.RoomID != s.room || !b.Recovered {
		return fmt.Errorf("joined %+v", b)
	}
	for i := range int64(herdMissed) {
		b, err := s.next(ctx, "NEW_MESSAGE")
		if err != nil || b.Seq != s.seq+1+i {
			return fmt.Errorf("message %d behind %d: %w", b.Seq, s.seq+i, err)
		}
	}
	return nil
}

// each runs f for all at once, or for at most so many at a time.
func each(t *testing.T, herd []*sheep, atOnce int, f func(context.Context, *sheep) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wait sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	faults := make(chan error, len(herd))
	for _, s := range herd {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			if err := f(ctx, s); err != nil {
				faults <- err
			}
		})
	}
	wait.Wait()
	close(faults)
	if n := len(faults); n > 0 {
		t.Fatalf("%d of %d failed: %v", n, len(herd), <-faults)
	}
}

// reads counts what Redis was asked of any log.
func reads(t *testing.T, r *servers.Redis) (n int) {
	t.Helper()
	c, err := net.DialTimeout("tcp", r.Addr(), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "INFO commandstats\r\n"); err != nil {
		t.Fatal(err)
	}
	lines := textproto.NewReader(bufio.NewReader(c))
	length, err := lines.ReadLine()
	size, convErr := strconv.Atoi(strings.TrimPrefix(length, "$"))
	if err != nil || convErr != nil {
		t.Fatalf("INFO: %q, %v", length, err)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(lines.R, text); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":calls=")
		if name == "cmdstat_xrange" || name == "cmdstat_xrevrange" {
			calls, _, _ := strings.Cut(rest, ",")
			more, err := strconv.Atoi(calls)
			if err != nil {
				t.Fatalf("INFO: %q", line)
			}
			n += more
		}
	}
	return n
}

// TestAHerdComesBackAtOnce loses everybody's connection and lets all of them resume on the other node
// at the same moment. What they missed comes from the nodes' memory: what Redis is asked grows with
// the rooms.
func TestAHerdComesBackAtOnce(t *testing.T) {
	nodes, redis := Cluster(t, 2, "--resume-window", "5m")
	var herd []*sheep
	var speakers []*Client
	for i := range herdRooms {
		speaker := Dial(t, nodes[i%2])
		room := speaker.Create("Herd").Int("roomId")
		speaker.Say("first", "first")
		speakers = append(speakers, speaker)
		listener := Dial(t, nodes[1-i%2]) // so that both nodes follow every room
		listener.Join(room)
		for k := range herdPeople {
			herd = append(herd, &sheep{room: room, address: nodes[k%2].WebSocket()})
		}
	}
	t.Cleanup(func() {
		for _, s := range herd {
			s.close()
		}
	})
	each(t, herd, 50, func(ctx context.Context, s *sheep) error {
		elsewhere := nodes[0]
		if s.address == elsewhere.WebSocket() {
			elsewhere = nodes[1]
		}
		return s.persist(ctx, func(ctx context.Context) error { return s.come(ctx, elsewhere.WebSocket()) })
	})
	for _, s := range herd {
		s.close()
		s.refused = 0
	}
	for _, speaker := range speakers {
		for i := range herdMissed {
			speaker.Say(fmt.Sprint("missed", i), fmt.Sprint("missed ", i))
		}
	}
	before, began := reads(t, redis), time.Now()
	each(t, herd, len(herd), func(ctx context.Context, s *sheep) error { return s.persist(ctx, s.resume) })
	took := time.Since(began)
	asked := reads(t, redis) - before
	refused := 0
	for _, s := range herd {
		refused += s.refused
	}
	slices.SortFunc(herd, func(a, b *sheep) int { return int(a.back - b.back) })
	p99 := herd[len(herd)*99/100].back
	t.Logf("%d came back within %v, 99 of 100 within %v, %d of them were asked to come later; %d reads of logs",
		len(herd), took.Round(time.Millisecond), p99.Round(time.Millisecond), refused, asked)
	if p99 > 15*time.Second {
		t.Errorf("99 of 100 came back within %v", p99)
	}
	// Each node looks at the end of the log between nodes once a second, and more often when there is
	// something in it.
	if most := 2*2*herdRooms + 10*int(took/time.Second+1); asked > most {
		t.Errorf("%d reads of logs for %d rooms and %d people, want at most %d", asked, herdRooms, len(herd), most)
	}
}
