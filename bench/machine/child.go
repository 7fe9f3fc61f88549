// Package machine starts and watches the processes of a benchmark and describes the machine they
// run on.
package machine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Child is a started process. Any goroutine.
type Child struct {
	Name string
	PID  int

	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.ReadCloser
	stderr *tail
	done   chan struct{} // closed when the process has ended
}

// Spawn says how to start a child.
type Spawn struct {
	Name string
	Path string
	Args []string
	Env  []string // added to this process's own
	Dir  string
	CPUs []int // the only ones it may use; empty = all. A Go program sizes GOMAXPROCS by it.
	Pipe bool  // keep stdin and stdout: Send and Lines work
}

// stopTime is how long a child may take to end by SIGTERM before it is killed.
const stopTime = 15 * time.Second

// Start starts a child. It dies with this process at the latest.
func Start(s Spawn) (*Child, error) {
	c := &Child{Name: s.Name, stderr: &tail{}, done: make(chan struct{})}
	c.cmd = exec.Command(s.Path, s.Args...)
	c.cmd.Env = append(os.Environ(), s.Env...)
	c.cmd.Dir = s.Dir
	collecting, err := c.collect()
	if err != nil {
		return nil, fmt.Errorf("machine: %s: %w", s.Name, err)
	}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if s.Pipe {
		var err1, err2 error
		c.stdin, err1 = c.cmd.StdinPipe()
		c.stdout, err2 = c.cmd.StdoutPipe()
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("machine: %s: %w", s.Name, err)
		}
	}
	started := make(chan error)
	go func() {
		// The child inherits the CPUs of the thread that starts it, and dies with that thread: so the
		// thread stays until the child has ended, and is never used for anything else.
		runtime.LockOSThread()
		err := Pin(s.CPUs)
		if err == nil {
			err = c.cmd.Start()
		}
		written := collecting()
		started <- err
		if err == nil {
			var state *os.ProcessState
			state, err = c.cmd.Process.Wait()
			written()
			if err == nil {
				c.stderr.end(state.String())
			}
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("machine: start %s: %w", s.Name, err)
	}
	c.PID = c.cmd.Process.Pid
	return c, nil
}

// lastWords is how long is waited for the rest of a dead child's standard error: what it has started
// itself may still hold that open.
const lastWords = time.Second

// collect makes a pipe the child's standard error. exec.Cmd's own copying ends with its Wait, which
// would also close the pipe that Lines reads. started is called once the child runs or does not;
// what that returns waits for the last words of the child once it has ended.
func (c *Child) collect() (started func() (written func()), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.cmd.Stderr = w
	return func() func() {
		_ = w.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(c.stderr, r)
			_ = r.Close()
		}()
		return func() {
			select {
			case <-done:
			case <-time.After(lastWords):
			}
		}
	}, nil
}

// CPUs are those that the calling thread may use, rising: in a container not always those from 0 on.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("machine: CPUs: %w", err)
	}
	cpus := make([]int, 0, set.Count())
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// Pin binds the calling thread to cpus; none = leave it as it is.
func Pin(cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("machine: bind to CPUs %v: %w", cpus, err)
	}
	return nil
}

// Send writes to the child's standard input.
func (c *Child) Send(line []byte) error {
	if _, err := c.stdin.Write(line); err != nil {
		return fmt.Errorf("machine: %s: %w%s", c.Name, err, c.Trouble())
	}
	return nil
}

// Lines reads the child's standard output line by line until it ends.
func (c *Child) Lines() *bufio.Scanner {
	lines := bufio.NewScanner(c.stdout)
	lines.Buffer(nil, 64<<20)
	return lines
}

// Ended is closed when the process has ended.
func (c *Child) Ended() <-chan struct{} { return c.done }

// Trouble is the end of what the child wrote to standard error, for an error message.
func (c *Child) Trouble() string { return c.stderr.String() }

// Stop ends the child with SIGTERM, after a while with SIGKILL, and waits for it.
func (c *Child) Stop() {
	if c.stdin != nil {
		_ = c.stdin.Close()
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
	case <-time.After(stopTime):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
	if c.stdout != nil {
		_ = c.stdout.Close()
	}
}

// tail keeps the last bytes written to it.
type tail struct {
	mu sync.Mutex
	// Guarded by mu.
	b []byte
}

const tailBytes = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if len(t.b) > tailBytes {
		t.b = t.b[len(t.b)-tailBytes:]
	}
	return len(p), nil
}

func (t *tail) end(how string) { _, _ = t.Write([]byte("(" + how + ")")) }

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.b))
	if text == "" {
		return ""
	}
	return "\n" + text
}
