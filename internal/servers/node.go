package servers

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// Node is one chatroom process.
type Node struct {
	// Immutable after open.
	Host      string
	Port      int
	AdminPort int
	dir       string
	binary    string
	args      []string
	env       []string

	// Atomic; any goroutine.
	process atomic.Pointer[Process]
}

// StartNode starts the binary on free ports of 127.0.0.1 and waits for /health.
func StartNode(ctx context.Context, dir, binary string, env []string, args ...string) (*Node, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	admin, err := FreePort()
	if err != nil {
		return nil, err
	}
	n := &Node{Host: "127.0.0.1", Port: port, AdminPort: admin, dir: dir, binary: binary, args: args, env: env}
	return n, n.Start(ctx)
}

// StartNodeAt is StartNode on a given loopback address and ports.
func StartNodeAt(ctx context.Context, dir, binary, host string, port, admin int, env []string, args ...string) (*Node, error) {
	n := &Node{Host: host, Port: port, AdminPort: admin, dir: dir, binary: binary, args: args, env: env}
	return n, n.Start(ctx)
}

// Addr is the host and port of the public listener.
func (n *Node) Addr() string { return fmt.Sprintf("%s:%d", n.Host, n.Port) }

// WebSocket is the address for a WebSocket client.
func (n *Node) WebSocket() string { return "ws://" + n.Addr() + "/ws" }

// Admin is the address of the private listener.
func (n *Node) Admin() string { return fmt.Sprintf("http://%s:%d", n.Host, n.AdminPort) }

// Start starts the node again on the same ports.
func (n *Node) Start(ctx context.Context) error {
	args := append([]string{"--listen", n.Addr(), "--admin-listen", fmt.Sprintf("%s:%d", n.Host, n.AdminPort)}, n.args...)
	p, err := Start(n.dir, fmt.Sprintf("node-%s-%d", n.Host, n.Port), n.env, n.binary, args...)
	if err != nil {
		return err
	}
	n.process.Store(p)
	return p.Await(ctx, func() error { return status("http://"+n.Addr()+"/health", http.StatusOK) })
}

// Process is the running program.
func (n *Node) Process() *Process { return n.process.Load() }

// Ready returns nil when the node's /ready answers 200.
func (n *Node) Ready() error { return status(n.Admin()+"/ready", http.StatusOK) }

// Kill ends the node like a crash.
func (n *Node) Kill() { n.process.Load().Kill() }

// Stop drains the node (SIGTERM) and returns its exit code.
func (n *Node) Stop() (int, error) { return n.process.Load().Stop(40 * time.Second) }

// Pause stops the node's process (SIGSTOP) until Continue.
func (n *Node) Pause() error { return n.process.Load().Signal(syscall.SIGSTOP) }

// Continue lets a paused node go on.
func (n *Node) Continue() error { return n.process.Load().Signal(syscall.SIGCONT) }

func status(url string, want int) error {
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != want {
		return fmt.Errorf("%s answers %d", url, r.StatusCode)
	}
	return nil
}
