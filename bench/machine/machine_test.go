package machine_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"chatroom/bench/machine"
)

func TestChild(t *testing.T) {
	cpus, err := machine.CPUs()
	if err != nil || len(cpus) != runtime.NumCPU() {
		t.Fatalf("CPUs %v, %v", cpus, err)
	}
	last := cpus[len(cpus)-1]
	c, err := machine.Start(machine.Spawn{Name: "cat", Path: "/bin/sh", Args: []string{"-c", "grep Cpus_allowed_list /proc/self/status; cat; echo bye >&2"}, CPUs: []int{last}, Pipe: true})
	if err != nil {
		t.Fatal(err)
	}
	lines := c.Lines()
	if !lines.Scan() || !strings.HasSuffix(lines.Text(), fmt.Sprintf("\t%d", last)) {
		t.Errorf("bound to %q, want CPU %d alone", lines.Text(), last)
	}
	if err := c.Send([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || lines.Text() != "hello" {
		t.Errorf("heard %q", lines.Text())
	}
	if memory, err := machine.Memory(c.PID); err != nil || memory <= 0 {
		t.Errorf("memory %d, %v", memory, err)
	}
	c.Stop()
	select {
	case <-c.Ended():
	default:
		t.Error("not ended behind Stop")
	}
	if _, err := machine.CPUTime(c.PID); err == nil {
		t.Error("CPU time of an ended process")
	}
}

func TestChildThatCannotStart(t *testing.T) {
	if _, err := machine.Start(machine.Spawn{Name: "nothing", Path: "/nonexistent"}); err == nil {
		t.Error("started nothing")
	}
	c, err := machine.Start(machine.Spawn{Name: "sh", Path: "/bin/sh", Args: []string{"-c", "echo broken >&2; exit 3"}})
	if err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	if why := c.Trouble(); !strings.Contains(why, "broken") || !strings.Contains(why, "exit status 3") {
		t.Errorf("trouble %q", why)
	}
	c.Stop()
}

func TestOwnFigures(t *testing.T) {
	before, err := machine.CPUTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for after := before; after-before < 50*time.Millisecond; {
		for i := range 1 << 20 {
			runtime.KeepAlive(i)
		}
		if after, err = machine.CPUTime(os.Getpid()); err != nil || time.Now().After(deadline) {
			t.Fatalf("%v used, %v", after-before, err)
		}
	}
	if busy, err := machine.Busy(); err != nil || busy < 50*time.Millisecond {
		t.Errorf("the machine was busy for %v, %v", busy, err)
	}
	if memory, err := machine.Memory(os.Getpid()); err != nil || memory < 1<<20 {
		t.Errorf("memory %d, %v", memory, err)
	}
	if _, _, err := machine.SocketMemory(); err != nil {
		t.Error(err)
	}
	if slab, err := machine.SlabMemory(); err != nil || slab <= 0 {
		t.Errorf("slab %d, %v", slab, err)
	}
	if n, err := machine.FileLimit(); err != nil || n < 100 {
		t.Errorf("%d files, %v", n, err)
	}
	if d := machine.Describe(); d.CPUs != runtime.NumCPU() || d.Kernel == "" || d.CPU == "" || d.Commit == "" {
		t.Errorf("%+v", d)
	}
	ports, err := machine.FreePorts(3)
	if err != nil || len(ports) != 3 || ports[0] == ports[1] {
		t.Errorf("ports %v, %v", ports, err)
	}
}
