package main

import (
	"slices"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

// curve puts the samples of all workers into one: sums of what adds up, the worst of what does
// not.
type curve struct{ samples []sample }

type sample struct {
	worker int
	tick   load.Tick
}

func (c *curve) add(worker int, t *load.Tick) { c.samples = append(c.samples, sample{worker, *t}) }

// points joins the samples that belong to the same tick of the clock.
func (c *curve) points() []report.Point {
	slot := func(t load.Tick) int64 { return int64((t.At + tickEvery/2) / tickEvery) }
	slices.SortStableFunc(c.samples, func(a, b sample) int { return int(slot(a.tick) - slot(b.tick)) })
	var points []report.Point
	last := int64(-1)
	for _, s := range c.samples {
		if slot(s.tick) != last {
			last = slot(s.tick)
			points = append(points, report.Point{Seconds: s.tick.At.Seconds()})
		}
		p := &points[len(points)-1]
		p.Deliveries += float64(s.tick.Deliveries) / tickEvery.Seconds()
		p.Operations += float64(s.tick.Operations) / tickEvery.Seconds()
		p.P50 = max(p.P50, float64(s.tick.P50)/1000)
		p.P99 = max(p.P99, float64(s.tick.P99)/1000)
		p.Max = max(p.Max, float64(s.tick.Max)/1000)
		p.Connections += s.tick.Connections
		p.Busy = max(p.Busy, s.tick.Busy)
	}
	return points
}
