package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/machine"
	"chatroom/bench/report"
)

// play is one run of one shape on one server.
type play struct {
	o       *options
	s       shape
	subject subject
	show    *progress
	files   int

	instance *instance
	group    *group
	row      *report.Row
	curve    curve

	memoryBefore, kernelBefore int64
	memoryAtStart              int64
	cpuBefore, cpuAfter        time.Duration
	redisBefore, redisAfter    time.Duration
	othersBefore, othersAfter  time.Duration
	opened                     []*load.Opened
	resumed                    []*load.Opened
	totals                     []*load.Totals
	ids                        map[uint64]int
}

// run starts the server, plays and gives the row. An error inside becomes a failed row; only what
// ends the whole run is returned.
func (p *play) run(ctx context.Context) (*report.Row, error) {
	p.row = &report.Row{Variant: p.s.variant, Subject: p.subject.name, Load: p.s.about, Events: map[string]uint64{}}
	err := p.attempt(ctx)
	if p.group != nil {
		p.group.stop()
	}
	if p.instance != nil {
		if died := p.instance.died(); died != nil {
			err = errors.Join(died, err)
		}
		p.instance.stop()
	}
	if errors.Is(err, errMissing) || ctx.Err() != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	if err != nil {
		p.row.Failed = err.Error()
	}
	var refused *limitedError
	p.row.Limited = p.row.Limited || errors.As(err, &refused)
	p.row.Series = p.curve.points()
	return p.row, nil
}

func (p *play) attempt(ctx context.Context) error {
	cpus, err := machine.CPUs()
	if err != nil {
		return err
	}
	serverCPUs, loadCPUs := placement(p.s.pinned, cpus)
	if p.instance, err = p.subject.start(ctx, p.o, p.s, serverCPUs); err != nil {
		return err
	}
	if p.memoryBefore, err = p.memory(); err != nil {
		return err
	}
	if p.kernelBefore, err = kernelMemory(); err != nil {
		return err
	}
	if p.group, err = startGroup(ctx, p.o, p.s, p.subject.dialect, p.instance.targets, loadCPUs, p.files); err != nil {
		return err
	}
	p.row.Setup = p.s.setup(serverCPUs, loadCPUs, len(p.group.workers))
	p.group.ticks = func(worker int, t *load.Tick) {
		p.curve.add(worker, t)
		p.show.tick(t)
	}
	if err := p.open(ctx); err != nil {
		return err
	}
	if err := p.rest(ctx); err != nil {
		return err
	}
	if err := p.ask(ctx); err != nil {
		return err
	}
	if !p.s.noTraffic {
		if err := p.traffic(ctx); err != nil {
			return err
		}
	}
	return p.figures()
}

// placement puts the server on the first of cpus and the load on the others. A Go server sizes itself
// by the CPUs it may use, so it runs one loop.
func placement(pinned bool, cpus []int) (server, loads []int) {
	if !pinned || len(cpus) < 2 {
		return nil, nil
	}
	return cpus[:1], cpus[1:]
}

func (p *play) open(ctx context.Context) error {
	p.show.phase(p, "connecting")
	before, err := p.cpu()
	if err != nil {
		return err
	}
	if err := p.group.tellAll(load.Command{Do: load.DoOpen}); err != nil {
		return err
	}
	if err := p.group.all(ctx, load.IsOpened, func(r load.Reply) { p.opened = append(p.opened, r.Opened) }); err != nil {
		return err
	}
	after, err := p.cpu()
	if err != nil {
		return err
	}
	var took time.Duration
	connections, retried, busy := 0, 0, 0.0
	for _, opened := range p.opened {
		took = max(took, opened.Took)
		connections += opened.Connections
		retried += opened.Retried
		busy = max(busy, float64(opened.CPU)/float64(opened.Took))
		p.row.Limited = p.row.Limited || opened.Limited
		p.identify(opened.ClientIDs)
	}
	if retried > 0 {
		p.row.AddLess("joins_retried", float64(retried), "first answered UNAVAILABLE")
	}
	if p.s.settle > 0 {
		p.row.Add(report.ConnectRate, float64(connections)/took.Seconds(), "/s")
	}
	if p.s.noTraffic && p.s.key == report.ConnectRate {
		p.row.Add(report.ConnectRate, float64(connections)/took.Seconds(), "/s")
		if len(p.instance.pids) > 0 {
			p.row.AddLess(report.ConnectCPU, float64((after-before).Microseconds())/float64(connections), "µs")
		}
		p.row.AddLess(report.Busy, busy, "")
		p.row.Saturated = busy > saturation
		all := load.NewHistogram()
		for _, opened := range p.opened {
			if err := mergeInto(all, opened.Latency); err != nil {
				return err
			}
		}
		addLatencies(p.row, all)
	}
	return nil
}

// identify holds the promise that a client id is given out once.
func (p *play) identify(ids []uint64) {
	if p.ids == nil {
		p.ids = make(map[uint64]int)
	}
	for _, id := range ids {
		if p.ids[id]++; p.ids[id] > 1 {
			p.row.Faults.Duplicated++
			p.row.Faults.Notes = append(p.row.Faults.Notes, fmt.Sprintf("client id %d was given out twice", id))
		}
	}
}

// rest waits until the server has settled and looks at its memory.
func (p *play) rest(ctx context.Context) error {
	if p.s.settle > 0 {
		p.show.phase(p, "settling")
		select {
		case <-time.After(p.s.settle):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	memory, err := p.memory()
	if err != nil {
		return err
	}
	kernel, err := kernelMemory()
	if err != nil {
		return err
	}
	connections := float64(p.s.connections())
	if p.s.settle > 0 && len(p.instance.pids) > 0 {
		p.row.AddLess(report.PerConn, float64(memory-p.memoryBefore)/connections, "B")
		p.row.AddLess(report.KernelConn, float64(kernel-p.kernelBefore)/connections, "B (both ends)")
	}
	return nil
}

// memory is what the nodes have resident; 0 when they are not ours.
func (p *play) memory() (int64, error) { return machine.Memory(p.instance.pids...) }

func (p *play) cpu() (time.Duration, error) { return machine.CPUTime(p.instance.pids...) }

// others is the CPU time that the machine spent on processes that have nothing to do with the run.
func (p *play) others() (time.Duration, error) {
	pids := append([]int{os.Getpid()}, p.instance.pids...)
	for _, worker := range p.group.workers {
		pids = append(pids, worker.PID)
	}
	if p.instance.redis != nil {
		pids = append(pids, p.instance.redis.PID)
	}
	busy, err1 := machine.Busy()
	ours, err2 := machine.CPUTime(pids...)
	return busy - ours, errors.Join(err1, err2)
}

// redisCPU is what an own Redis has used; 0 without one.
func (p *play) redisCPU() (time.Duration, error) {
	if p.instance.redis == nil {
		return 0, nil
	}
	return machine.CPUTime(p.instance.redis.PID)
}

// kernelMemory is what the kernel holds for sockets: their buffers and their structures. The load
// program's ends are in it too.
func kernelMemory() (int64, error) {
	buffers, _, err := machine.SocketMemory()
	if err != nil {
		return 0, err
	}
	slab, err := machine.SlabMemory()
	return buffers + slab, err
}

// traffic lets the workers send, does what the shape wants done in between, and collects.
func (p *play) traffic(ctx context.Context) error {
	p.show.phase(p, "warming up")
	if err := p.group.tellAll(load.Command{Do: load.DoTraffic, WarmUp: p.s.warmUp, Duration: p.s.duration}); err != nil {
		return err
	}
	if err := p.group.all(ctx, load.IsMeasuring, nil); err != nil {
		return err
	}
	var err error
	if p.cpuBefore, err = p.cpu(); err != nil {
		return err
	}
	if p.redisBefore, err = p.redisCPU(); err != nil {
		return err
	}
	if p.memoryAtStart, err = p.memory(); err != nil {
		return err
	}
	if p.othersBefore, err = p.others(); err != nil {
		return err
	}
	p.show.phase(p, "measuring")
	timers := p.schedule()
	defer timers.stop()
	for stopped, drained := 0, 0; drained < len(p.group.workers); {
		r, err := p.group.next(ctx)
		if err != nil {
			return err
		}
		switch r.Is {
		case load.IsResumed:
			p.resumed = append(p.resumed, r.Resume)
		case load.IsStopped:
			if stopped++; stopped == len(p.group.workers) {
				if p.cpuAfter, err = p.cpu(); err != nil {
					return err
				}
				if p.redisAfter, err = p.redisCPU(); err != nil {
					return err
				}
				if p.othersAfter, err = p.others(); err != nil {
					return err
				}
				p.show.phase(p, "draining")
			}
		case load.IsDrained:
			drained++
			p.totals = append(p.totals, r.Totals)
		}
	}
	return nil
}

// timers are the moments that are still to come.
type timers []*time.Timer

func (p *play) schedule() timers {
	var t timers
	for _, m := range p.s.moments {
		if m.do.Do == load.DoCut && p.subject.dialect != load.Chatroom {
			continue // only the contract has a way back
		}
		t = append(t, time.AfterFunc(time.Duration(m.after*float64(p.s.duration)), func() { _ = p.group.tellAll(m.do) }))
	}
	return t
}

func (t timers) stop() {
	for _, timer := range t {
		timer.Stop()
	}
}
