package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"chatroom/bench/load"
)

// progress is the live line in the terminal: one bar over all runs, and what the current one does.
type progress struct {
	bar   *progressbar.ProgressBar
	what  string
	ticks []shownTick // of the last second
}

type shownTick struct {
	at         time.Time
	deliveries uint64
}

func newProgress(out io.Writer, runs int, visible bool) *progress {
	return &progress{bar: progressbar.NewOptions(runs,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetVisibility(visible),
		progressbar.OptionSetWidth(18),
		progressbar.OptionShowCount(),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond),
	)}
}

// phase says what the run does now.
func (p *progress) phase(run *play, name string) {
	p.what = fmt.Sprintf("%s on %s: %s", run.s.variant, run.subject.name, name)
	p.ticks = p.ticks[:0]
	p.bar.Describe(p.what)
}

// tick shows the rate of the last second, and how busy the load program is itself.
func (p *progress) tick(t *load.Tick) {
	now := time.Now()
	for len(p.ticks) > 0 && now.Sub(p.ticks[0].at) > time.Second {
		p.ticks = p.ticks[1:]
	}
	p.ticks = append(p.ticks, shownTick{now, t.Deliveries})
	if d := now.Sub(p.ticks[0].at); d > 0 {
		sum := uint64(0)
		for _, shown := range p.ticks[1:] { // the first one counts what came before it
			sum += shown.deliveries
		}
		p.bar.Describe(fmt.Sprintf("%s, %.0f/s, p99 %.1f ms, generator %.0f %%", p.what, float64(sum)/d.Seconds(), float64(t.P99)/1000, 100*t.Busy))
	}
}

func (p *progress) done()   { _ = p.bar.Add(1) }
func (p *progress) finish() { _ = p.bar.Finish() }
