package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary be the program.
const asProgram = "CHATROOM_BENCH_AS_PROGRAM"

// patience is how long a test waits for what must come: generous, for a loaded machine.
const patience = 30 * time.Second

// Nothing is left behind, however the program ends: neither on an interrupt nor when it is killed
// without a chance to clean up.
func TestChildrenEndWithTheProgram(t *testing.T) {
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			var out bytes.Buffer
			program := exec.Command(me, "pairs", "--subject", limitSingle, "--duration", "10m", "--quiet", "--json", "", "--html", "")
			program.Env = append(os.Environ(), asProgram+"=1")
			program.Stdout, program.Stderr = &out, &out
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			children := awaitChildren(t, program.Process.Pid, 2) // the limit and one worker
			if err := program.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err := program.Wait()
			if code := program.ProcessState.ExitCode(); signal == syscall.SIGINT && code != 1 {
				t.Errorf("exit code %d, %v\n%s", code, err, out.Bytes())
			}
			for _, child := range children {
				for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
					if state, _ := status(child); state == ended {
						break
					}
					if time.Now().After(deadline) {
						_ = syscall.Kill(child, syscall.SIGKILL)
						t.Fatalf("process %d outlives the program", child)
					}
				}
			}
		})
	}
}

// awaitChildren waits until a process has n children that run.
func awaitChildren(t *testing.T, parent, n int) []int {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		processes, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			t.Fatal(err)
		}
		var children []int
		for _, path := range processes {
			pid, err := strconv.Atoi(filepath.Base(path))
			if state, its := status(pid); err == nil && state != ended && its == parent {
				children = append(children, pid)
			}
		}
		if len(children) >= n {
			return children
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d children of %d, want %d", len(children), parent, n)
		}
	}
}

// ended is the state of a process that is no more, or that only waits to be waited for.
const ended = 'Z'

// status is the state of a process and its parent.
func status(pid int) (state byte, parent int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ended, 0
	}
	// The name in parentheses may hold anything; behind it come the state and the parent.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 || fields[0][0] == 'X' {
		return ended, 0
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	return fields[0][0], parent
}
