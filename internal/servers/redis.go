package servers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Redis is one redis-server with its append-only file in a directory of its own.
type Redis struct {
	// Immutable after open.
	Port int
	dir  string
	args []string

	// Atomic; any goroutine.
	process atomic.Pointer[Process]
}

// StartRedis starts a redis-server on a free port of 127.0.0.1 with the append-only file on; args
// are added to its command line.
func StartRedis(ctx context.Context, dir string, args ...string) (*Redis, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	r := &Redis{Port: port, dir: dir, args: args}
	return r, r.Start(ctx)
}

// Addr is the server's host and port.
func (r *Redis) Addr() string { return fmt.Sprintf("127.0.0.1:%d", r.Port) }

// URL is the server's address as REDIS_URL.
func (r *Redis) URL() string { return "redis://" + r.Addr() }

// Start starts the server again, with what its directory holds.
func (r *Redis) Start(ctx context.Context) error {
	args := append([]string{"--port", fmt.Sprint(r.Port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes",
		"--appendfsync", "everysec", "--repl-diskless-sync-delay", "0", "--dir", r.dir}, r.args...)
	p, err := Start(r.dir, fmt.Sprintf("redis-%d", r.Port), nil, "redis-server", args...)
	if err != nil {
		return err
	}
	r.process.Store(p)
	return p.Await(ctx, func() error {
		reply, err := r.Command("PING")
		if err == nil && reply != "+PONG" {
			err = fmt.Errorf("redis answers %s", reply)
		}
		return err
	})
}

// Kill ends the server like a crash; what it wrote stays.
func (r *Redis) Kill() { r.process.Load().Kill() }

// Stop ends the server; it may be called on one that has ended.
func (r *Redis) Stop() {
	_, _ = r.process.Load().Stop(5 * time.Second)
}

// Pause stops the server's process (SIGSTOP) until Continue.
func (r *Redis) Pause() error { return r.process.Load().Signal(syscall.SIGSTOP) }

// Continue lets a paused server go on.
func (r *Redis) Continue() error { return r.process.Load().Signal(syscall.SIGCONT) }

// Command runs one inline command and returns the first line of the answer. It is for tests that
// turn a server's knobs; arguments must not hold spaces.
func (r *Redis) Command(words ...string) (string, error) {
	c, err := net.DialTimeout("tcp", r.Addr(), time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte(strings.Join(words, " ") + "\r\n")); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
