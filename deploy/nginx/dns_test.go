package nginx

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// dns answers every question for an address with the addresses it holds, as Docker's own does for
// the name of a service.
type dns struct {
	// Immutable after open.
	conn net.PacketConn

	// Guarded by mu.
	mu        sync.Mutex
	addresses []netip.Addr
}

func startDNS(t testing.TB, addresses ...netip.Addr) *dns {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &dns{conn: conn, addresses: addresses}
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return d
}

func (d *dns) set(addresses ...netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addresses = addresses
}

func (d *dns) serve() {
	buf := make([]byte, 1500)
	for {
		n, peer, err := d.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		answer := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true},
			Questions: m.Questions,
		}
		d.mu.Lock()
		for _, a := range d.addresses {
			if q.Type == dnsmessage.TypeA {
				answer.Answers = append(answer.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: a.As4()},
				})
			}
		}
		d.mu.Unlock()
		if packed, err := answer.Pack(); err == nil {
			_, _ = d.conn.WriteTo(packed, peer)
		}
	}
}
