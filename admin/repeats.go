package admin

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// How often one kind of line is written; what is above is counted and named in the next line.
const (
	repeatsPerMinute = 20
	repeatPeriod     = time.Minute
)

// repeats is a logger for lines that strangers can provoke: of one kind it writes so many a minute.
type repeats struct {
	// Immutable after open.
	log *slog.Logger
	now func() time.Time

	// Guarded by mu.
	mu    sync.Mutex
	kinds map[string]*repeated // the messages are constants of this package, so the map stays small
}

type repeated struct {
	since      time.Time
	written    int
	suppressed int
}

func newRepeats(log *slog.Logger) *repeats {
	return &repeats{log: log, now: time.Now, kinds: make(map[string]*repeated)}
}

// write writes a line, or counts it. kind is the message and must be a constant. Any goroutine.
func (r *repeats) write(level slog.Level, kind string, attrs ...slog.Attr) {
	if !r.log.Enabled(context.Background(), level) {
		return
	}
	now := r.now()
	r.mu.Lock()
	k, ok := r.kinds[kind]
	if !ok {
		k = &repeated{since: now}
		r.kinds[kind] = k
	}
	if now.Sub(k.since) >= repeatPeriod {
		k.since, k.written = now, 0
	}
	if k.written >= repeatsPerMinute {
		k.suppressed++
		r.mu.Unlock()
		return
	}
	k.written++
	suppressed := k.suppressed
	k.suppressed = 0
	r.mu.Unlock()
	if suppressed > 0 {
		attrs = append(attrs, slog.Int("suppressed", suppressed))
	}
	r.log.LogAttrs(context.Background(), level, kind, attrs...)
}
