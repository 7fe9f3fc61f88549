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
	bar        *progressbar.ProgressBar
	deliveries uint64
	since      time.Time
	what       string
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
	p.deliveries, p.since = 0, time.Now()
	p.bar.Describe(p.what)
}

// tick shows the current rate.
func (p *progress) tick(t *load.Tick) {
	p.deliveries += t.Deliveries
	if d := time.Since(p.since); d > 0 {
		p.bar.Describe(fmt.Sprintf("%s, %.0f/s, p99 %.1f ms", p.what, float64(p.deliveries)/d.Seconds(), float64(t.P99)/1000))
	}
}

func (p *progress) done()   { _ = p.bar.Add(1) }
func (p *progress) finish() { _ = p.bar.Finish() }
