package cluster

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"chatroom/internal/chat"
	"chatroom/internal/servers"
)

// nameServer is whom this process asks for addresses of names; only one test does.
var nameServer atomic.Pointer[string]

func init() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if at := nameServer.Load(); at != nil {
			return new(net.Dialer).DialContext(ctx, "udp", *at)
		}
		return nil, errors.New("no test has a name server")
	}}
}

// names is a name server that gives every name one address.
func names(t *testing.T) (set func(ip string)) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var ip atomic.Pointer[[4]byte]
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, peer, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
			if a := ip.Load(); a != nil && q.Type == dnsmessage.TypeA {
				answer.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: *a}}}
			}
			if packed, err := answer.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, peer)
			}
		}
	}()
	addr := conn.LocalAddr().String()
	nameServer.Store(&addr)
	t.Cleanup(func() {
		nameServer.Store(nil)
		conn.Close()
		<-done
	})
	return func(dotted string) {
		a := [4]byte(net.ParseIP(dotted).To4())
		ip.Store(&a)
	}
}

// TestANameThatMovesIsFollowed lets the name of Redis lead to another address, as it does in a
// cluster of containers.
func TestANameThatMovesIsFollowed(t *testing.T) {
	t.Parallel()
	redis := launch(t)
	port, err := servers.FreePort("127.0.0.2", "127.0.0.3")
	if err != nil {
		t.Fatal(err)
	}
	at := func(ip string) *cable {
		l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		return newCableAt(t, l, redis.addr())
	}
	former, next := at("127.0.0.2"), at("127.0.0.3")
	set := names(t)
	set("127.0.0.2")
	p := onto(t, "redis://redis.test.:"+strconv.Itoa(port), nil)
	p.flood(20, "before")
	p.whole(p.settle())
	former.set(true)
	p.flood(5, "between")
	set("127.0.0.3")
	p.works()
	p.flood(20, "after")
	p.holds(p.settle())
	next.mu.Lock()
	defer next.mu.Unlock()
	if len(next.conns) == 0 {
		t.Error("nobody uses the new address")
	}
	if p.resyncs() != 0 {
		t.Error("another address of the same Redis is no gap")
	}
}

// TestACrashOfEveryNodeLosesNothing ends all nodes without a word while people are in a room. A new
// one lets them resume, and the room has everything.
func TestACrashOfEveryNodeLosesNothing(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(50, "before")
	acked := p.settle()
	p.whole(acked)
	tokens := []string{string(p.a.Directory().Token(nil, p.ann)), string(p.b.Directory().Token(nil, p.ben))}
	key := p.a.store.keys.room(p.room).members
	for _, m := range []chat.Member{p.ann, p.ben} {
		p.redis.recorded(m)
	}
	p.a.crash()
	p.b.crash()
	c := enact(t, "redis://"+p.redis.addr(), nil)
	for _, token := range tokens {
		tag := c.tag()
		c.Directory().Resume(tag, token, "192.0.2.1")
		var r chat.Resumption
		until(t, "RESUME is answered", func() (ok bool) {
			c.with(func() { r, ok = c.resumed[tag] })
			return ok
		})
		if r.Code != "" || r.Room != p.room {
			t.Fatalf("resumed %+v", r)
		}
		join := c.tag()
		c.Join(join, r.Room, r.Member, true)
		if info, code := c.outcome(join); code != "" || info.Seq != uint64(len(acked)) || info.Name != "room" {
			t.Fatalf("joined %+v, %q", info, code)
		}
	}
	agree(t, p.room, p.a, c)
	if n := len(c.ids(p.room)); n != len(acked) {
		t.Errorf("%d of %d messages are there", n, len(acked))
	}
	if n := p.redis.int("HLEN", key); n != 2 {
		t.Errorf("%d members", n)
	}
}
