package nodetest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"chatroom/wsproto"
)

// banned is what the API answers to a removal with a ban.
type banned struct {
	Ban *struct {
		ID          string
		SessionOnly bool
		SharedWith  int
	}
}

// ban removes a client for a time by way of node n.
func ban(t *testing.T, n *Node, token string, id int64, duration string) (answer banned) {
	t.Helper()
	known(t, n, token, id)
	if status := Call(t, n, token, http.MethodDelete, fmt.Sprintf("/admin/client/%d?ban=%s", id, duration), "", &answer); status != http.StatusOK || answer.Ban == nil {
		t.Fatalf("ban: %d, %+v", status, answer)
	}
	return answer
}

// listed are the bans that node n shows.
func listed(t *testing.T, n *Node, token string) (bans []struct{ ID, IP string }) {
	t.Helper()
	var answer struct{ Bans []struct{ ID, IP string } }
	if status := Call(t, n, token, http.MethodGet, "/admin/bans", "", &answer); status != http.StatusOK {
		t.Fatalf("bans: %d", status)
	}
	return answer.Bans
}

// behindProxies is worlds with nodes that believe the proxies of this machine.
func behindProxies(t *testing.T, play func(t *testing.T, a, b *Node)) {
	t.Run("embedded", func(t *testing.T) {
		n := Start(t, "--trusted-proxies", "127.0.0.1/32")
		play(t, n, n)
	})
	t.Run("redis", func(t *testing.T) {
		nodes, _ := Cluster(t, 2, "--trusted-proxies", "127.0.0.1/32")
		play(t, nodes[0], nodes[1])
	})
}

func TestAnAddressIsBannedInEverySpelling(t *testing.T) {
	behindProxies(t, func(t *testing.T, a, b *Node) {
		token := Login(t, a)
		for _, c := range []struct {
			address, shown string
			same, others   []string
		}{
			{"203.0.113.7", "203.0.113.7", []string{"203.0.113.7", "::ffff:203.0.113.7", "198.51.100.1, 203.0.113.7"}, []string{"203.0.113.8", "203.0.113.7, 203.0.113.9", "::203.0.113.7"}},
			{"::ffff:198.51.100.9", "198.51.100.9", []string{"198.51.100.9"}, []string{"198.51.100.10"}},
			{"2001:db8:1:2::5", "2001:db8:1:2::/64", []string{"2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:DB8:1:2::"}, []string{"2001:db8:1:3::5", "2001:db8:1:1:ffff::1"}},
		} {
			who := admitted(t, a, c.address)
			answer := ban(t, b, token, who.ID(), "10m")
			who.ExpectError("BANNED")
			if code := who.ExpectClose(); code != 4501 || answer.Ban.SessionOnly {
				t.Fatalf("%s was closed with %d, %+v", c.address, code, answer.Ban)
			}
			for _, n := range []*Node{a, b} {
				for _, address := range c.same {
					Eventually(t, address+" is refused", func() bool { return refused(t, n, address, wsproto.DialOptions{}) })
				}
				for _, address := range c.others {
					if refused(t, n, address, wsproto.DialOptions{}) {
						t.Errorf("%s pays for %s", address, c.address)
					}
				}
				if bans := listed(t, n, token); len(bans) != 1 || bans[0].IP != c.shown || bans[0].ID != answer.Ban.ID {
					t.Errorf("bans: %+v, want %s", bans, c.shown)
				}
			}
			if status := Call(t, a, token, http.MethodDelete, "/admin/bans/"+answer.Ban.ID, "", nil); status != http.StatusOK {
				t.Fatalf("lift: %d", status)
			}
			for _, n := range []*Node{a, b} {
				Eventually(t, c.address+" is free", func() bool { return !refused(t, n, c.address, wsproto.DialOptions{}) })
			}
			if status := Call(t, b, token, http.MethodDelete, "/admin/bans/"+answer.Ban.ID, "", nil); status != http.StatusNotFound {
				t.Errorf("lifted twice: %d", status)
			}
		}
	})
}

// TestAddressesOfManyAreNotBanned: who hides behind loopback, a private network, a carrier's NAT or a
// proxy shares the address with strangers. Only the session is kept out.
func TestAddressesOfManyAreNotBanned(t *testing.T) {
	behindProxies(t, func(t *testing.T, a, b *Node) {
		token := Login(t, a)
		for _, address := range []string{"", "127.0.0.2", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.9", "100.64.1.1", "169.254.3.3", "fd00::7", "fe80::1"} {
			who := admitted(t, a, address)
			answer := ban(t, b, token, who.ID(), "10m")
			who.ExpectError("BANNED")
			if code := who.ExpectClose(); code != 4501 || !answer.Ban.SessionOnly || answer.Ban.SharedWith != 0 {
				t.Fatalf("%q was closed with %d, %+v", address, code, answer.Ban)
			}
			for _, n := range []*Node{a, b} {
				again := admitted(t, n, address)
				again.Send(`{"type":"RESUME","session":%q}`, who.Welcome.Text("session"))
				again.ExpectError("BANNED")
			}
		}
		for _, ban := range listed(t, b, token) {
			if ban.IP != "" {
				t.Errorf("banned: %s", ban.IP)
			}
		}
	})
}

// relay passes connections on to a node from another loopback address, as a proxy on another machine
// would. It returns where it listens.
func relay(t *testing.T, n *Node, from string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		to.Close()
		from.Close()
	}
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := dialer.Dial("tcp", n.Addr().String())
			if err != nil {
				near.Close()
				continue
			}
			go pass(near, far)
			go pass(far, near)
		}
	}()
	return ln.Addr().String()
}

// TestOnlyTrustedProxiesNameAddresses: 127.0.0.2 is a trusted proxy here and 127.0.0.3 is not, so
// what the latter says of its clients neither gets anybody banned nor past a ban.
func TestOnlyTrustedProxiesNameAddresses(t *testing.T) {
	n := Start(t, "--trusted-proxies", "127.0.0.2/32")
	token := Login(t, n)
	const address = "203.0.113.7"
	trusted := wsproto.DialOptions{Addr: relay(t, n, "127.0.0.2")}
	untrusted := wsproto.DialOptions{Addr: relay(t, n, "127.0.0.3")}
	shown := func(o wsproto.DialOptions) (*Client, string) {
		c, e := dialAs(t, n, address, o)
		c.Welcome = e
		known(t, n, token, c.ID())
		var record struct{ IP string }
		Call(t, n, token, http.MethodGet, fmt.Sprintf("/admin/client/%d", c.ID()), "", &record)
		return c, record.IP
	}
	liar, ip := shown(untrusted)
	if ip != "127.0.0.3" {
		t.Errorf("the liar comes from %s", ip)
	}
	if answer := ban(t, n, token, liar.ID(), "10m"); !answer.Ban.SessionOnly {
		t.Errorf("an address was banned that an untrusted peer named: %+v", answer.Ban)
	}
	if refused(t, n, address, trusted) {
		t.Error("the address pays for what an untrusted peer said")
	}
	eve, ip := shown(trusted)
	if ip != address {
		t.Errorf("eve comes from %s", ip)
	}
	if answer := ban(t, n, token, eve.ID(), "10m"); answer.Ban.SessionOnly {
		t.Errorf("only the session was banned: %+v", answer.Ban)
	}
	Eventually(t, "the address is refused", func() bool { return refused(t, n, address, trusted) })
	if !refused(t, n, "198.51.100.7, "+address, trusted) {
		t.Error("a forged hop in front gets past the ban")
	}
	if refused(t, n, address, untrusted) {
		t.Error("a peer is banned for what it says of itself")
	}
}

func TestBansAreOver(t *testing.T) {
	t.Parallel()
	behindProxies(t, func(t *testing.T, a, b *Node) {
		token := Login(t, a)
		const address = "203.0.113.7"
		seen := 0
		for try := 0; seen == 0 && try < 5; try++ { // a slow machine may sleep through one
			who := admitted(t, a, address)
			answer := ban(t, b, token, who.ID(), "1500ms")
			Eventually(t, "the ban is over", func() bool {
				if refused(t, a, address, wsproto.DialOptions{}) {
					seen++
					return false
				}
				return seen > 0 || len(listed(t, a, token)) == 0
			})
			Eventually(t, "it is over on the other node", func() bool { return !refused(t, b, address, wsproto.DialOptions{}) })
			if status := Call(t, a, token, http.MethodDelete, "/admin/bans/"+answer.Ban.ID, "", nil); status != http.StatusNotFound {
				t.Errorf("a ban that is over was lifted: %d", status)
			}
			back, e := resume(t, b, who.Welcome.Text("session"), "")
			if e.Text("code") != "SESSION_INVALID" {
				t.Errorf("the session of a removed client: %v", e)
			}
			back.Leave()
		}
		if seen == 0 {
			t.Error("nobody was ever refused")
		}
		Eventually(t, "no ban is left", func() bool { return len(listed(t, a, token)) == 0 && len(listed(t, b, token)) == 0 })
	})
}
