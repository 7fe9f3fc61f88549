package main

import (
	"fmt"
	"strings"
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
		if f, found := row.Figure(b.figure); found && f.Value > b.most && p.subject.name == chatroomName {
			row.Failed = fmt.Sprintf("%s is %.4g, at most %.4g: %s", b.figure, f.Value, b.most, b.why)
		}
	}
	return nil
}

func (p *play) trafficFigures() error {
	row := p.row
	latency := load.NewHistogram()
	ops := map[load.Op]*load.Histogram{}
	var deliveries, frames, reads, sent uint64
	var window time.Duration
	var clientCPU time.Duration
	var gap time.Duration
	busy := 0.0
	for _, t := range p.totals {
		h, err := load.DecodeHistogram(t.Latency)
		if err != nil {
			return err
		}
		latency.Merge(h)
		for op, encoded := range t.Ops {
			if h, err = load.DecodeHistogram(encoded); err != nil {
				return err
			}
			if ops[op] == nil {
				ops[op] = load.NewHistogram()
			}
			ops[op].Merge(h)
		}
		deliveries, frames, reads, sent = deliveries+t.Deliveries, frames+t.Frames, reads+t.Reads, sent+t.Sent
		window, clientCPU, busy = max(window, t.Window), clientCPU+t.CPU, max(busy, t.Busy)
		row.Checked += t.Checked
		gap = max(gap, t.Gap)
		row.Faults.Add(&t.Faults)
		row.Limited = row.Limited || t.Limited
		for name, n := range t.Events {
			row.Events[name] += n
		}
	}
	row.Saturated = row.Saturated || busy > saturation && p.s.window > 0
	row.Add(report.Throughput, float64(deliveries)/window.Seconds(), "/s")
	addLatencies(row, latency, "")
	if len(p.instance.pids) > 0 && deliveries > 0 {
		row.AddLess(report.CPUCost, (p.cpuAfter-p.cpuBefore).Seconds()/float64(deliveries)*1e6, "s")
		row.AddLess("server_cpu", (p.cpuAfter-p.cpuBefore).Seconds()/window.Seconds(), "cores")
	}
	if p.instance.redis != nil && sent > 0 {
		row.AddLess("redis_us_per_message", float64((p.redisAfter-p.redisBefore).Microseconds())/float64(sent), "µs")
	}
	row.AddLess(report.Busy, busy, "")
	if n := row.Events["close 4000"] + row.Events["close 1006"]; n > 0 && len(p.s.moments) > 0 {
		row.Add("slow_readers_closed", float64(n), "")
	}
	if gap > longGap {
		row.Note = fmt.Sprintf("the load program did not get to run for %v: something else used the machine, repeat the run", gap.Round(time.Millisecond))
	}
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
			p.row.AddLess(string(op)+"_p99_ms", float64(h.Percentile(99))/1000, "ms")
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
		h, err := load.DecodeHistogram(r.Latency)
		if err != nil {
			return err
		}
		all.Merge(h)
		took = max(took, r.Took)
		back, recovered, missed = back+r.Connections, recovered+r.Recovered, missed+r.Missed
	}
	p.row.AddLess(report.ResumeTime, took.Seconds(), "s")
	p.row.Add(report.ConnectRate, float64(back)/took.Seconds(), "/s")
	p.row.Add("recovered", float64(recovered), fmt.Sprintf("of %d", back))
	p.row.Add("replayed", float64(missed), "messages")
	p.row.AddLess("resume_p99_ms", float64(all.Percentile(99))/1000, "ms")
	return nil
}

func (p *play) latencies(encoded []byte, suffix string) error {
	h, err := load.DecodeHistogram(encoded)
	if err == nil {
		addLatencies(p.row, h, suffix)
	}
	return err
}

func addLatencies(row *report.Row, h *load.Histogram, suffix string) {
	if h.Count() == 0 {
		return
	}
	name := func(n string) string { return strings.Replace(n, "_ms", suffix+"_ms", 1) }
	row.AddLess(name(report.P50), float64(h.Percentile(50))/1000, "ms")
	row.AddLess(name(report.P99), float64(h.Percentile(99))/1000, "ms")
	row.AddLess(name(report.P999), float64(h.Percentile(99.9))/1000, "ms")
	row.AddLess(name(report.Worst), float64(h.Max())/1000, "ms")
}
