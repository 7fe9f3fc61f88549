package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// TestHalfOpen: a peer that says nothing at all for two periods is closed, one that answers pings
// is not, and the place of the first is kept.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	const heartbeat = 1500 * time.Millisecond
	n := start(t, engine.Config{Heartbeat: heartbeat}, nil)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := wsproto.Dial(ctx, "ws://"+n.addr+"/ws", wsproto.DialOptions{ManualPong: true})
	if err != nil {
		t.Fatal(err)
	}
	mute := &client{t: t, conn: conn}
	defer mute.lose()
	mute.identify(mute.want("CONNECT"))
	room := mute.create("silent")
	alive := n.dial(t)
	alive.join(room)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if m, err := alive.read(3 * heartbeat); err != nil || m == nil {
				return // quiet for long enough, pings answered meanwhile
			}
		}
	}()
	mute.wantClose(4001)
	<-done
	if alive.closed != nil {
		t.Fatalf("the one that answers was closed: %v", alive.closed)
	}
	if record, found, _ := n.embedded.Client(ctx, chat.ClientID(mute.id)); !found || record.RoomID != chat.RoomID(room) {
		t.Fatalf("the place of the silent one: %+v, %v", record, found)
	}
}

// TestDrain: requests are refused, everybody is sent away with 1001 in slices, nothing that was
// acknowledged before is lost, and it ends with the last connection.
func TestDrain(t *testing.T) {
	n := start(t, engine.Config{Drain: 500 * time.Millisecond}, book{})
	const people = 100
	speaker := n.dial(t)
	room := speaker.create("ending")
	var all []*client
	for range people {
		c := n.dial(t)
		c.send(`{"type":"JOIN_ROOM","roomId":%d}`, room)
		c.want("ROOM_JOINED")
		all = append(all, c)
	}
	if n.Ready() != "" {
		t.Fatalf("not ready: %s", n.Ready())
	}
	n.raw(t) // says nothing, and must not hold the drain up
	speaker.say("last", "words")
	drained := make(chan error, 1)
	began := time.Now()
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		drained <- n.Drain(ctx)
	}()
	eventually(t, "the node says that it drains", func() bool { return n.Ready() == "draining" })
	if status, retry := n.upgrade(t); status != 503 || retry == "" {
		t.Errorf("a handshake while draining: %d, Retry-After %q", status, retry)
	}
	if response, _ := n.ask(t, "GET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); response.StatusCode != 503 {
		t.Errorf("a page while draining: %d", response.StatusCode)
	}
	var wait sync.WaitGroup
	var missed atomic.Int64
	for _, c := range append(all, speaker) {
		wait.Go(func() {
			heard := c == speaker
			for {
				m := c.next()
				if m == nil {
					break
				}
				heard = heard || m.is("NEW_MESSAGE")
			}
			if !heard {
				missed.Add(1)
			}
			if c.closed.Code != 1001 {
				t.Errorf("closed with %v", c.closed)
			}
			c.lose()
		})
	}
	wait.Wait()
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
	if late := n.Counters().Handshakes["timeout"]; late > 0 {
		t.Errorf("the drain waited for %d connections that said nothing", late)
	}
	if missed.Load() > 0 {
		t.Errorf("%d members did not hear what was acknowledged", missed.Load())
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("everybody was sent away within %v", took)
	}
}

// TestDrainOfAnEmptyNode ends at once.
func TestDrainOfAnEmptyNode(t *testing.T) {
	n := start(t, engine.Config{Drain: time.Hour}, nil)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestLeaseLost: DisconnectAll sends everybody away with 1001, and they resume.
func TestLeaseLost(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	c := n.dial(t)
	room := c.create("kept")
	n.DisconnectAll()
	c.wantClose(1001)
	again := n.dial(t)
	again.send(`{"type":"RESUME","session":%q}`, c.session)
	if m := again.want("CONNECT"); m["resumed"] != true || m.number("clientId") != c.id {
		t.Fatalf("got %v", m)
	}
	if joined, _ := again.entered(); joined.number("roomId") != room {
		t.Fatalf("got %v", joined)
	}
}

// TestLeaseLostSparesNewcomers: who comes back while the others are still being sent away stays.
func TestLeaseLostSparesNewcomers(t *testing.T) {
	n := start(t, engine.Config{Drain: time.Second}, nil)
	for range 8 {
		n.dial(t)
	}
	n.DisconnectAll()
	eventually(t, "some have gone", func() bool { return n.Counters().Closes[1001] >= 4 })
	newcomer := n.dial(t)
	eventually(t, "all have gone", func() bool { return n.Counters().Closes[1001] == 8 })
	if m, err := newcomer.read(1500 * time.Millisecond); !errors.Is(err, errQuiet) {
		t.Fatalf("got %v, %v, closed %v", m, err, newcomer.closed)
	}
}

// faulty is a log with a fault in it.
type faulty struct{ *engine.Embedded }

func (f faulty) Create(tag chat.Tag, name string, private bool, m chat.Member) {
	if name == "fault" {
		panic("injected")
	}
	f.Embedded.Create(tag, name, private, m)
}

func (f faulty) Leave(tag chat.Tag, room chat.RoomID, m chat.Member) {
	if m.Name == "fault" {
		panic("injected")
	}
	f.Embedded.Leave(tag, room, m)
}

// startWith is start with another log in front of the embedded one.
func startWith(t testing.TB, cfg engine.Config, wrap func(*engine.Embedded) engine.Log) *node {
	t.Helper()
	cfg = quick(cfg)
	e, err := engine.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Engine: e, embedded: engine.NewEmbedded(cfg, e)}
	e.Use(wrap(n.embedded), n.embedded.Directory())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := e.Start(ctx); err != nil {
		t.Fatal(err)
	}
	n.addr = e.Addr().String()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := e.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		n.embedded.Close()
	})
	return n
}

// TestPanic: a fault in one session's handler closes that one with 1011; the process and everybody
// else live.
func TestPanic(t *testing.T) {
	n := startWith(t, engine.Config{Loops: 1}, func(e *engine.Embedded) engine.Log { return faulty{e} })
	other, victim := n.dial(t), n.dial(t)
	room := other.create("safe")
	victim.join(room)
	other.want("USER_EVENT")
	victim.send(`{"type":"CREATE_ROOM","id":"1","name":"fault"}`)
	victim.wantClose(1011)
	second := n.dial(t)
	second.join(room)
	second.send(`{"type":"UPDATE_USERNAME","id":"2","username":"fault"}`)
	second.until("ACK")
	second.send(`{"type":"LEAVE_ROOM","id":"3"}`)
	second.wantClose(1011)
	if m := other.say("m", "still here"); !m.is("ACK") {
		t.Fatalf("got %v", m)
	}
	if c := n.Counters(); c.Panics != 2 || c.Closes[1011] != 2 {
		t.Fatalf("%d panics, closes %v", c.Panics, c.Closes)
	}
}

// TestThinning: more than twenty comings a second are told as a count.
func TestThinning(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	witness := n.dial(t)
	room := witness.create("rush")
	const people = 60
	clients := make([]*client, people)
	for i := range clients {
		clients[i] = n.dial(t)
	}
	for _, c := range clients {
		c.send(`{"type":"JOIN_ROOM","roomId":%d,"replay":0}`, room)
	}
	single, counts := 0, 0
	for {
		m := witness.want("USER_EVENT")
		switch m.text("event") {
		case "joined":
			single++
		case "members":
			counts++
			if m["client"] != nil {
				t.Fatalf("a count names someone: %v", m)
			}
		}
		if m.number("members") == people+1 {
			break
		}
	}
	// On a slow machine the rush takes longer than a second: then more are told one by one.
	if counts == 0 && single == people {
		t.Log("the machine was too slow for a rush")
		return
	}
	if counts == 0 || single > people-1 {
		t.Fatalf("%d single events and %d counts", single, counts)
	}
}

// TestConnectAndDisconnect ten thousand times, at most two thousand at once: goroutines, file
// descriptors and memory return to where they were.
func TestConnectAndDisconnect(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector's own memory grows: only descriptors and goroutines are compared")
	}
	n := start(t, engine.Config{ResumeWindow: 50 * time.Millisecond}, nil)
	round := func(at int) {
		var wait sync.WaitGroup
		conns := make(chan *wsproto.Conn, at)
		for w := range 20 {
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
				defer cancel()
				for i := range at / 20 {
					conn, err := wsproto.Dial(ctx, "ws://"+n.addr+"/ws", wsproto.DialOptions{})
					if err != nil {
						t.Error(err)
						return
					}
					name := fmt.Sprintf(`{"type":"CREATE_ROOM","name":"%d %d"}`, w, i/10)
					if i%10 == 0 {
						if err := conn.WriteText(ctx, []byte(name)); err != nil {
							t.Error(err)
						}
					}
					conns <- conn
				}
			})
		}
		wait.Wait()
		close(conns)
		for conn := range conns {
			if tcp, ok := conn.NetConn().(*net.TCPConn); ok {
				tcp.SetLinger(0)
			}
			conn.CloseNow()
		}
		eventually(t, "all are gone", func() bool {
			c := n.Counters()
			_, clients, _, _ := n.embedded.Clients(context.Background(), "", "", 1)
			_, rooms, _, _ := n.embedded.Rooms(context.Background(), "", "", 1)
			return c.Connections == 0 && c.Rooms == 0 && clients == 0 && rooms == 0
		})
	}
	round(2000)
	baseline := measure()
	for range 4 {
		round(2000)
	}
	after := measure()
	if after.fds > baseline.fds+5 || after.goroutines > baseline.goroutines+5 {
		t.Errorf("descriptors %d → %d, goroutines %d → %d", baseline.fds, after.fds, baseline.goroutines, after.goroutines)
	}
	if !raceEnabled && after.heap > baseline.heap+4<<20 {
		t.Errorf("heap %d → %d KiB", baseline.heap>>10, after.heap>>10)
	}
}

type footprint struct {
	fds, goroutines int
	heap            int64
}

func measure() footprint {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{fds: openFiles(), goroutines: runtime.NumGoroutine(), heap: int64(m.HeapAlloc)}
}
