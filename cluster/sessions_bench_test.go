package cluster

import (
	"testing"
	"time"
)

// BenchmarkConnects opens and ends sessions at a given rate against a real Redis; one iteration is
// one session. It reports how many handshakes found no id at hand, and how long after the last
// opening everything stood in Redis.
func BenchmarkConnects(b *testing.B) {
	for _, bench := range []struct {
		name string
		rate int // sessions a second
	}{{"15k", 15000}, {"unpaced", 0}} {
		b.Run(bench.name, func(b *testing.B) {
			s := launch(b)
			n := begin(b, s, nil)
			refused := 0
			b.ResetTimer()
			start := time.Now()
			for i := range b.N {
				m, ok := n.dir.Open("192.0.2.1")
				if !ok {
					refused++
					time.Sleep(100 * time.Microsecond)
					continue
				}
				if i%2 == 0 {
					n.dir.End(m, 0)
				}
				if bench.rate > 0 && i%100 == 99 {
					time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(bench.rate))))
				}
			}
			last := time.Now()
			for n.sessions.waiting() > 0 {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/last.Sub(start).Seconds(), "opens/s")
			b.ReportMetric(float64(refused), "refused")
			b.ReportMetric(float64(time.Since(last).Milliseconds()), "ms-behind")
		})
	}
}

// waiting is how many sessions have changes that Redis does not have.
func (s *sessions) waiting() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.byID {
		if x.queued || !x.written {
			n++
		}
	}
	return n + len(s.ending)
}
