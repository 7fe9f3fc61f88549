// Package servers starts real programs (nodes, Redis, nginx) for tests and for the chaos run, each
// in a directory of its own on a free port, and stops exactly what it started.
package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// StartTimeout bounds how long a program may take until it answers.
const StartTimeout = 30 * time.Second

// Process is one running program.
type Process struct {
	// Immutable after open.
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}

	// Guarded by mu.
	mu  sync.Mutex
	err error
}

// Start runs a program with its output going to dir/name.log. The program dies with this process.
// Any goroutine.
func Start(dir, name string, env []string, program string, args ...string) (*Process, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("servers: %s is missing: %w", program, err)
	}
	logPath := filepath.Join(dir, name+".log")
	out, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("servers: start %s: %w", name, err)
	}
	p := &Process{name: name, log: logPath, cmd: cmd, done: make(chan struct{})}
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(p.done)
	}()
	return p, nil
}

// Signal sends one signal to the program. Any goroutine.
func (p *Process) Signal(s syscall.Signal) error {
	select {
	case <-p.done:
		return os.ErrProcessDone
	default:
		return p.cmd.Process.Signal(s)
	}
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Wait returns the program's exit code once it has ended, or an error when ctx ends before.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		return -1, fmt.Errorf("servers: %s has not ended: %w", p.name, ctx.Err())
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// Kill ends the program at once (SIGKILL), also a stopped one, and waits for its end.
func (p *Process) Kill() {
	_ = p.Signal(syscall.SIGKILL)
	<-p.done
}

// Stop asks the program to end (SIGTERM) and kills it when it has not within the time given.
func (p *Process) Stop(within time.Duration) (int, error) {
	_ = p.Signal(syscall.SIGCONT)
	_ = p.Signal(syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	code, err := p.Wait(ctx)
	if err != nil {
		p.Kill()
	}
	return code, err
}

// Log returns the last part of what the program printed, for an error message.
func (p *Process) Log() string { return p.tail(4 << 10) }

// Dump ends a Go program that hangs (SIGQUIT) and returns the last 64 KiB of what it printed: where
// its goroutines are.
func (p *Process) Dump() string {
	_ = p.Signal(syscall.SIGQUIT)
	select {
	case <-p.done:
	case <-time.After(StartTimeout):
	}
	return p.tail(64 << 10)
}

func (p *Process) tail(most int) string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-most):])
}

// Await polls ready every 10 ms until it returns nil; it gives up after StartTimeout, when ctx ends
// or when the program has ended.
func (p *Process) Await(ctx context.Context, ready func() error) error {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("servers: %s ended: %s", p.name, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("servers: %s is not ready: %w\n%s", p.name, errors.Join(err, ctx.Err()), p.Log())
		case <-tick.C:
		}
	}
}

// Answers returns nil when something accepts connections at the address.
func Answers(address string) error {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	return c.Close()
}
