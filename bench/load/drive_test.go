package load_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"chatroom/bench/limit"
	"chatroom/bench/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// driver is a worker inside the test and both ends of its pipes.
type driver struct {
	t        *testing.T
	commands *os.File
	replies  *bufio.Scanner
	closed   chan error
}

func startWorker(t *testing.T, plan load.Plan) *driver {
	t.Helper()
	in, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	replies, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{t: t, commands: commands, replies: bufio.NewScanner(replies), closed: make(chan error, 1)}
	d.replies.Buffer(nil, 16<<20)
	go func() {
		err := load.Serve(in, out)
		_ = out.Close()
		d.closed <- err
	}()
	t.Cleanup(func() {
		_ = commands.Close() // the worker ends with its control pipe
		for d.replies.Scan() {
		}
		<-d.closed
		_ = in.Close()
		_ = replies.Close()
	})
	plan.CPU = -1
	d.do(load.Command{Do: load.DoPlan, Plan: &plan})
	d.await(load.IsReady)
	return d
}

func (d *driver) do(c load.Command) {
	d.t.Helper()
	if err := json.NewEncoder(d.commands).Encode(c); err != nil {
		d.t.Fatal(err)
	}
}

// await skips ticks and gives the reply of that kind.
func (d *driver) await(is string) load.Reply {
	d.t.Helper()
	for d.replies.Scan() {
		var r load.Reply
		if err := json.Unmarshal(d.replies.Bytes(), &r); err != nil {
			d.t.Fatal(err)
		}
		if r.Is == is {
			return r
		}
		if r.Is == load.IsFailed {
			d.t.Fatalf("worker failed: %s", r.Error)
		}
	}
	d.t.Fatalf("worker ended before %q", is)
	return load.Reply{}
}

// reply gives the next reply, whatever it is.
func (d *driver) reply() load.Reply {
	d.t.Helper()
	var r load.Reply
	if !d.replies.Scan() {
		d.t.Fatal("worker ended without a word")
	}
	if err := json.Unmarshal(d.replies.Bytes(), &r); err != nil {
		d.t.Fatal(err)
	}
	return r
}

// run opens, sends for d and gives the totals behind the drain.
func (d *driver) run(warmUp, duration time.Duration) *load.Totals {
	d.t.Helper()
	d.do(load.Command{Do: load.DoOpen})
	d.await(load.IsOpened)
	return d.traffic(warmUp, duration)
}

func (d *driver) traffic(warmUp, duration time.Duration) *load.Totals {
	d.t.Helper()
	d.do(load.Command{Do: load.DoTraffic, WarmUp: warmUp, Duration: duration})
	d.await(load.IsMeasuring)
	return d.await(load.IsDrained).Totals
}

func rooms(count, size int) []int {
	sizes := make([]int, count)
	for i := range sizes {
		sizes[i] = size
	}
	return sizes
}

// startLimit runs the built-in limit and gives its address.
func startLimit(t *testing.T, writes limit.Writes) string {
	t.Helper()
	s, err := limit.New("127.0.0.1:0", writes)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run() }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return fmt.Sprintf("127.0.0.1:%d", s.Port())
}
