package engine

import (
	"net/netip"
	"sync"
	"time"
)

// freePingSeconds is how often a PING costs nothing: browsers can't see protocol pings.
const freePingSeconds = 5

// charge takes a token for one event from the bucket of s. It returns 0, or after how many
// milliseconds there will be one. Loop only.
func (l *loop) charge(s *session, ping bool) (retry int64) {
	rate := l.engine.cfg.MessageRate
	if rate.Off {
		return 0
	}
	if ping {
		if now := uint32(l.now / 1000); now >= s.freePing {
			s.freePing = now + freePingSeconds
			return 0
		}
	}
	now := uint32(l.now) | 1 // zero means never; the clock of a bucket may wrap, its differences don't
	if s.tokensAt == 0 {
		s.tokens = float32(rate.Burst)
	} else {
		elapsed := float64(int32(now-s.tokensAt)) / 1000
		s.tokens = float32(min(float64(rate.Burst), float64(s.tokens)+elapsed*rate.PerSecond))
	}
	s.tokensAt = now
	if s.tokens < 1 {
		return max(1, int64(float64(1-s.tokens)/rate.PerSecond*1000))
	}
	s.tokens--
	return 0
}

// controlsPerSecond is the most ping and pong frames that a client may send in one second; beyond
// it is a flood (1008).
const controlsPerSecond = 20

// control counts a control frame of s and reports whether that is still no flood. Loop only.
func (l *loop) control(s *session) bool {
	if now := uint16(l.now / 1000); now != s.controlsAt {
		s.controlsAt, s.controls = now, 0
	}
	s.controls++
	return s.controls <= controlsPerSecond
}

// doorman bounds the handshakes of each address with a bucket per address, kept as one time: the
// generic cell rate algorithm (ITU-T I.371, annex A), in which a bucket that is full again equals
// one that was never there. So the table forgets by itself, and it is bounded: addresses beyond
// its size share one bucket.
type doorman struct {
	// Immutable after open.
	rate     Rate
	interval time.Duration
	burst    time.Duration

	// Guarded by mu.
	mu     sync.Mutex
	due    map[netip.Addr]time.Duration // the theoretical arrival time of the next
	shared time.Duration
	swept  time.Duration
}

const doormanAddresses = 1 << 16

func newDoorman(r Rate) *doorman {
	d := &doorman{rate: r, due: make(map[netip.Addr]time.Duration)}
	if !r.Off {
		d.interval = time.Duration(float64(time.Second) / r.PerSecond)
		d.burst = d.interval * time.Duration(r.Burst-1)
	}
	return d
}

// admit takes a token of the bucket of addr, an IPv6 address counting as its /64. It returns 0, or
// how long there will be none. Any goroutine.
func (d *doorman) admit(addr netip.Addr, now time.Duration) (retry time.Duration) {
	if d.rate.Off {
		return 0
	}
	addr = neighbourhood(addr)
	d.mu.Lock()
	defer d.mu.Unlock()
	if now-d.swept > time.Second {
		d.swept = now
		for a, due := range d.due {
			if due <= now {
				delete(d.due, a)
			}
		}
	}
	due, known := d.due[addr]
	crowded := !known && len(d.due) >= doormanAddresses
	if crowded {
		due = d.shared
	}
	due = max(due, now)
	if due-now > d.burst {
		return due - now - d.burst
	}
	if crowded {
		d.shared = due + d.interval
	} else {
		d.due[addr] = due + d.interval
	}
	return 0
}

// neighbourhood is what limits and bans mean by an address: itself, or the /64 of an IPv6 address,
// which is what one subscriber has.
func neighbourhood(addr netip.Addr) netip.Addr {
	if addr.Is6() && !addr.Is4In6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr.Unmap()
}

// retrySeconds is a Retry-After for d.
func retrySeconds(d time.Duration) int64 {
	return max(1, int64((d+time.Second-1)/time.Second))
}
