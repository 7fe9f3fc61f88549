package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"chatroom/bench/limit"
	"chatroom/bench/load"
	"chatroom/bench/machine"
)

// subject is a server that can take the load.
type subject struct {
	name    string
	dialect string
	start   func(ctx context.Context, o *options, s shape, cpus []int) (*instance, error)
	cluster bool // can run as several nodes over Redis
	peer    bool
}

// instance is a running subject.
type instance struct {
	targets  []string
	children []*machine.Child // the nodes
	redis    *machine.Child
	pids     []int    // of the nodes; empty = not known
	metrics  []string // URLs of the nodes' metrics; empty = not known
	oneLoop  bool     // it has no more than one event loop, by its nature
	dir      string
}

func (i *instance) stop() {
	for _, c := range i.children {
		c.Stop()
	}
	if i.redis != nil {
		i.redis.Stop()
	}
	if i.dir != "" {
		_ = os.RemoveAll(i.dir)
	}
}

// died says which process ended by itself.
func (i *instance) died() error {
	for _, c := range append(i.children, i.redis) {
		if c == nil {
			continue
		}
		select {
		case <-c.Ended():
			return fmt.Errorf("%s ended by itself:%s", c.Name, c.Trouble())
		default:
		}
	}
	return nil
}

// limitNames are the built-in references.
const (
	limitBatched = "limit-batched"
	limitSingle  = "limit-single"
	chatroomName = "chatroom"
)

// everyone is every server there is.
func (o *options) everyone() ([]subject, error) {
	peers, err := o.peerSubjects()
	return append(builtIn(), peers...), err
}

func builtIn() []subject {
	return []subject{
		{name: chatroomName, dialect: load.Chatroom, start: startChatroom, cluster: true},
		{name: limitBatched, dialect: load.Raw, start: startLimit(limit.Batched)},
		{name: limitSingle, dialect: load.Raw, start: startLimit(limit.Single)},
	}
}

func startLimit(writes limit.Writes) func(context.Context, *options, shape, []int) (*instance, error) {
	return func(_ context.Context, _ *options, _ shape, cpus []int) (*instance, error) {
		me, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("chatroom-bench: %w", err)
		}
		c, err := machine.Start(machine.Spawn{Name: "limit-" + string(writes), Path: me, Args: []string{roleLimit, string(writes)}, CPUs: cpus, Pipe: true})
		if err != nil {
			return nil, err
		}
		lines := c.Lines()
		if !lines.Scan() {
			c.Stop()
			return nil, fmt.Errorf("chatroom-bench: the limit did not start:%s", c.Trouble())
		}
		return &instance{targets: []string{"127.0.0.1:" + lines.Text()}, children: []*machine.Child{c}, pids: []int{c.PID}, oneLoop: true}, nil
	}
}

// startChatroom starts the nodes of the product with its limits off.
func startChatroom(ctx context.Context, o *options, s shape, cpus []int) (*instance, error) {
	if len(o.urls) > 0 {
		i := &instance{targets: o.urls, pids: o.pids}
		for _, address := range o.metrics {
			i.metrics = append(i.metrics, "http://"+address+"/metrics")
		}
		return i, nil
	}
	nodes := max(1, s.nodes)
	ports, err := machine.FreePorts(2 * nodes)
	if err != nil {
		return nil, err
	}
	i := &instance{}
	redis := ""
	if s.nodes > 0 {
		if redis, err = i.startRedis(ctx, o, cpus); err != nil {
			i.stop()
			return nil, err
		}
	}
	for n := range nodes {
		public, private := "127.0.0.1:"+strconv.Itoa(ports[2*n]), "127.0.0.1:"+strconv.Itoa(ports[2*n+1])
		args := []string{"--listen", public, "--admin-listen", private, "--message-rate", "0", "--handshake-rate", "0", "--log-level", "error", "--drain", "1s"}
		args = append(args, s.args...)
		if redis != "" {
			args = append(args, "--redis-url", redis)
		}
		c, err := machine.Start(machine.Spawn{Name: "chatroom", Path: o.server, Args: args, CPUs: cpus})
		if err != nil {
			i.stop()
			return nil, err
		}
		i.children, i.pids, i.targets = append(i.children, c), append(i.pids, c.PID), append(i.targets, public)
		i.metrics = append(i.metrics, "http://"+private+"/metrics")
		if err := i.awaitReady(ctx, "http://"+private+"/ready", c); err != nil {
			i.stop()
			return nil, err
		}
	}
	return i, nil
}

// startRedis starts a redis-server of its own, or takes the one of --redis.
func (i *instance) startRedis(ctx context.Context, o *options, cpus []int) (url string, err error) {
	if o.redis != "" {
		return o.redis, nil
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", fmt.Errorf("%w: redis-server is not installed and --redis not given", errMissing)
	}
	if i.dir, err = os.MkdirTemp("", "chatroom-bench-redis-"); err != nil {
		return "", fmt.Errorf("chatroom-bench: %w", err)
	}
	ports, err := machine.FreePorts(1)
	if err != nil {
		return "", err
	}
	port := strconv.Itoa(ports[0])
	i.redis, err = machine.Start(machine.Spawn{Name: "redis-server", Path: path, CPUs: cpus, Args: []string{
		"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--dir", i.dir, "--logfile", filepath.Join(i.dir, "log"),
	}})
	if err != nil {
		return "", err
	}
	return "redis://127.0.0.1:" + port, awaitTCP(ctx, "127.0.0.1:"+port, i.redis)
}

// errMissing says that a scenario can't run on this machine.
var errMissing = errors.New("chatroom-bench: something is missing")

// startTime is how long a server may take until it is ready.
const startTime = 20 * time.Second

func (i *instance) awaitReady(ctx context.Context, url string, c *machine.Child) error {
	client := &http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	return await(ctx, c, func() bool {
		response, err := client.Get(url)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// await asks until ready or the process has ended.
func await(ctx context.Context, c *machine.Child, ready func() bool) error {
	deadline := time.Now().Add(startTime)
	for !ready() {
		select {
		case <-c.Ended():
			return fmt.Errorf("chatroom-bench: %s did not start:%s", c.Name, c.Trouble())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("chatroom-bench: %s is not ready after %v:%s", c.Name, startTime, c.Trouble())
		}
	}
	return nil
}

// only says whether a subject was asked for.
func (o *options) only(name string) bool {
	if o.noLimit && strings.HasPrefix(name, "limit-") {
		return false
	}
	if len(o.subjects) == 0 {
		return true
	}
	for _, s := range o.subjects {
		if s == name {
			return true
		}
	}
	return false
}
