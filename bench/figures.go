package main

import (
	"errors"
	"fmt"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

// saturation is the share of one CPU above which a worker counts as the bottleneck.
const saturation = 0.92

// longGap is how long a worker may be kept from running before its figures are doubtful.
const longGap = 50 * time.Millisecond

// figures turns what the workers told into the row.
func (p *play) figures() error {
	row := p.row
	if !p.s.noTraffic {
		if err := p.trafficFigures(); err != nil {
			return err
		}
	}
	if err := p.resumeFigures(); err != nil {
		return err
	}
	if len(p.instance.pids) > 0 {
		memory, err := p.memory()
		if err != nil {
			return err
		}
		row.AddLess(report.Resident, float64(memory)/float64(len(p.instance.pids))/1e6, "MB per node")
		if !p.s.noTraffic {
			row.AddLess("rss_growth_mb", float64(memory-p.memoryAtStart)/1e6, "MB in the window")
		}
	}
	for _, b := range p.s.bounds {
		if b.atLeast && len(p.o.urls) > 0 {
			continue // a running server has settings of its own
		}
		if why := b.broken(row); why != "" && p.subject.name == chatroomName {
			row.Failed = why
		}
	}
	return nil
}

// slowClosed is how many of the readers that had stopped the server closed, and slowShare the same as
// a share: how many stop depends on how many workers there are.
const slowClosed, slowShare = "slow_readers_closed", "slow_readers_closed_share"

func (p *play) trafficFigures() error {
	row := p.row
	latency, replayed, late := load.NewHistogram(), load.NewHistogram(), load.NewHistogram()
	ops := map[load.Op]*load.Histogram{}
	var deliveries, frames, reads, sent uint64
	var window time.Duration
	var clientCPU time.Duration
	var gap time.Duration
	busy, stalled := 0.0, 0
	for _, t := range p.totals {
		err := errors.Join(mergeInto(latency, t.Latency), mergeInto(replayed, t.Replayed), mergeInto(late, t.Late))
		for op, encoded := range t.Ops {
			if ops[op] == nil {
				ops[op] = load.NewHistogram()
			}
			err = errors.Join(err, mergeInto(ops[op], encoded))
		}
		if err != nil {
			return err
		}
		deliveries, frames, reads, sent = deliveries+t.Deliveries, frames+t.Frames, reads+t.Reads, sent+t.Sent
		window, clientCPU, busy = max(window, t.Window), clientCPU+t.CPU, max(busy, t.Busy)
		row.Checked += t.Checked
		stalled += t.Stalled
		gap = max(gap, t.Gap)
		row.Faults.Add(&t.Faults)
		row.Limited = row.Limited || t.Limited
		for name, n := range t.Events {
			row.Events[name] += n
		}
	}
	row.Saturated = row.Saturated || busy > saturation
	row.Add(report.Throughput, float64(deliveries)/window.Seconds(), "/s")
	addLatencies(row, latency)
	if replayed.Count() > 0 {
		row.AddLess("replayed_p99_ms", millis(replayed.Percentile(99)), "ms from when it was due, to those who were cut off")
		row.AddLess("replayed_max_ms", millis(replayed.Max()), "ms")
	}
	if len(p.instance.pids) > 0 && deliveries > 0 {
		row.AddLess(report.CPUCost, (p.cpuAfter-p.cpuBefore).Seconds()/float64(deliveries)*1e6, "s")
		row.AddLess("server_cpu", (p.cpuAfter-p.cpuBefore).Seconds()/window.Seconds(), "cores")
	}
	if p.instance.redis != nil && sent > 0 {
		row.AddLess("redis_us_per_message", float64((p.redisAfter-p.redisBefore).Microseconds())/float64(sent), "µs")
	}
	row.AddLess(report.Busy, busy, "")
	if late.Count() > 0 {
		row.AddLess("generator_late_p99_ms", millis(late.Percentile(99)), "ms")
	}
	if stalled > 0 {
		n := row.Events["close 4000"] + row.Events["close 1006"]
		row.Add(slowClosed, float64(n), fmt.Sprintf("of %d", stalled))
		row.Add(slowShare, float64(n)/float64(stalled), "")
	}
	if gap > longGap {
		row.Note = fmt.Sprintf("the load program did not get to run for %v: something else used the machine, repeat the run", gap.Round(time.Millisecond))
	}
	p.othersFigure(window)
	if reads > 0 {
		row.Add("frames_per_read", float64(frames)/float64(reads), "")
	}
	p.opFigures(ops, window)
	return nil
}

func (p *play) opFigures(ops map[load.Op]*load.Histogram, window time.Duration) {
	for _, op := range []load.Op{load.OpRename, load.OpMove, load.OpRejoin, load.OpList, load.OpHistory, load.OpPing, load.OpCut, load.OpReplace} {
		if h := ops[op]; h != nil && h.Count() > 0 {
			p.row.Add(string(op)+"_per_s", float64(h.Count())/window.Seconds(), "/s")
			p.row.AddLess(string(op)+"_p99_ms", millis(h.Percentile(99)), "ms")
		}
	}
}

func (p *play) resumeFigures() error {
	if len(p.resumed) == 0 {
		return nil
	}
	var took time.Duration
	var back, recovered, missed int
	all := load.NewHistogram()
	for _, r := range p.resumed {
		if err := mergeInto(all, r.Latency); err != nil {
			return err
		}
		took = max(took, r.Took)
		back, recovered, missed = back+r.Connections, recovered+r.Recovered, missed+r.Missed
	}
	p.row.AddLess(report.ResumeTime, took.Seconds(), "s")
	p.row.Add(report.ConnectRate, float64(back)/took.Seconds(), "/s")
	p.row.Add("recovered", float64(recovered), fmt.Sprintf("of %d", back))
	p.row.Add("replayed", float64(missed), "messages")
	p.row.AddLess("resume_p99_ms", millis(all.Percentile(99)), "ms")
	return nil
}

// manyOthers is how much of a CPU other processes may use before they are the likeliest reason for
// any difference.
const manyOthers = 0.2

// othersFigure says how much CPU went to others in the window. A server or a Redis of which only the
// address is known would count as one of them.
func (p *play) othersFigure(window time.Duration) {
	if len(p.instance.pids) == 0 || p.s.nodes > 0 && p.o.redis != "" {
		return
	}
	cores := max(0, (p.othersAfter-p.othersBefore).Seconds()/window.Seconds())
	p.row.AddLess("others_cpu", cores, "cores")
	if cores > manyOthers && p.row.Note == "" {
		p.row.Note = fmt.Sprintf("other processes used %.2f cores meanwhile: repeat the run on a quiet machine", cores)
	}
}

// mergeInto adds an encoded histogram to sum.
func mergeInto(sum *load.Histogram, encoded []byte) error {
	h, err := load.DecodeHistogram(encoded)
	if err == nil {
		sum.Merge(h)
	}
	return err
}

func millis(micros int64) float64 { return float64(micros) / 1000 }

// spectrum are the percentiles that the page draws.
var spectrum = []float64{0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999}

func addLatencies(row *report.Row, h *load.Histogram) {
	if h.Count() == 0 {
		return
	}
	row.AddLess(report.P50, millis(h.Percentile(50)), "ms")
	row.AddLess(report.P99, millis(h.Percentile(99)), "ms")
	row.AddLess(report.P999, millis(h.Percentile(99.9)), "ms")
	row.AddLess(report.Worst, millis(h.Max()), "ms")
	for _, percent := range spectrum {
		if float64(h.Count())*(1-percent/100) >= 1 { // rarer than what was counted is not a percentile
			row.Spread = append(row.Spread, report.Quantile{Percent: percent, Millis: millis(h.Percentile(percent))})
		}
	}
}
