package admin

import (
	"net"
	"net/netip"
	"strings"
)

// maxForwardedBytes bounds the X-Forwarded-For that is looked at; the head as a whole is bounded
// before that.
const maxForwardedBytes = 2048

// sharedAddressSpace is what carriers use behind their NAT (RFC 6598): no more a single person's
// address than a private one.
var sharedAddressSpace = netip.MustParsePrefix("100.64.0.0/10")

// clientAddress says from where a request came. Behind trusted proxies it is the right-most
// address in X-Forwarded-For that is no trusted proxy: what stands left of it was written by
// somebody who may lie. X-Real-IP is used when there is no X-Forwarded-For.
func clientAddress(peer netip.Addr, trusted []netip.Prefix, forwarded []string, realIP string) netip.Addr {
	peer = canonical(peer)
	if !within(peer, trusted) {
		return peer
	}
	if len(forwarded) == 0 {
		if a, ok := parseHop(realIP); ok {
			return a
		}
		return peer
	}
	list := strings.Join(forwarded, ",")
	if len(list) > maxForwardedBytes {
		list = list[len(list)-maxForwardedBytes:]
	}
	client := peer
	for list != "" {
		var hop string
		if i := strings.LastIndexByte(list, ','); i >= 0 {
			list, hop = list[:i], list[i+1:]
		} else {
			list, hop = "", list
		}
		a, ok := parseHop(hop)
		if !ok {
			break
		}
		client = a
		if !within(a, trusted) {
			break
		}
	}
	return client
}

// parseHop reads an address as proxies write it: bare, with a port, or in brackets.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return canonical(ap.Addr()), true
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	a, err := netip.ParseAddr(s) // refuses leading zeros
	return canonical(a), err == nil
}

// canonical gives every address one spelling: IPv4 in IPv6 as IPv4, no zone.
func canonical(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func within(a netip.Addr, networks []netip.Prefix) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// limitKey is the unit in which addresses are limited: one IPv4 address, or the /64 that an IPv6
// subscriber holds at least.
func limitKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// bannable says whether an address may be banned. Loopback, private and other addresses that
// many people share without knowing are not, nor are the proxies in front of the node; a proxy
// that is not trusted stands in such a network as a rule. ip may be an address or an IPv6 /64.
func bannable(ip string, trusted []netip.Prefix) bool {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		p, err := netip.ParsePrefix(ip)
		if err != nil {
			return false
		}
		a = p.Addr()
	}
	a = canonical(a)
	switch {
	case !a.IsValid(), a.IsUnspecified(), a.IsLoopback(), a.IsPrivate(), a.IsLinkLocalUnicast(), a.IsMulticast(),
		sharedAddressSpace.Contains(a), within(a, trusted):
		return false
	}
	return true
}

// peerAddress reads the address of a connection's other end.
func peerAddress(addr net.Addr) netip.Addr {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return canonical(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}
