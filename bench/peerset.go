package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"chatroom/bench/load"
	"chatroom/bench/machine"
)

// peerKinds are the servers in bench/peers: minimal room broadcasters on well-known libraries.
var peerKinds = []struct {
	name, dialect string
	cluster       bool
	script        string // run by node; empty = the Go program of the peers, with the name as argument
}{
	{"gws", load.Raw, false, ""},
	{"centrifuge", load.Centrifuge, true, ""},
	{"ws", load.Raw, false, "ws.mjs"},
	{"socket.io", load.SocketIO, true, "socketio.mjs"},
}

// peerProgram is the Go program of the peers in their directory.
const peerProgram = "bin/peer"

// peerSubjects are the peers that can run; without --peers there are none.
func (o *options) peerSubjects() ([]subject, error) {
	if o.peers == "" {
		return nil, nil
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("chatroom-bench: two of the peers need node: %w", err)
	}
	var all []subject
	for _, kind := range peerKinds {
		path, args := filepath.Join(o.peers, peerProgram), []string{kind.name}
		if kind.script != "" {
			path, args = node, []string{filepath.Join(o.peers, kind.script)}
		}
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("chatroom-bench: peer %s is not built: %w", kind.name, err)
		}
		all = append(all, subject{name: kind.name, dialect: kind.dialect, cluster: kind.cluster, peer: true,
			start: func(ctx context.Context, o *options, s shape, cpus []int) (*instance, error) {
				return startPeer(ctx, o, s, cpus, kind.name, path, args)
			}})
	}
	return all, nil
}

// startPeer starts one or several nodes: each is given --port and, in a cluster, --redis.
func startPeer(ctx context.Context, o *options, s shape, cpus []int, name, path string, args []string) (*instance, error) {
	nodes := max(1, s.nodes)
	ports, err := machine.FreePorts(nodes)
	if err != nil {
		return nil, err
	}
	i := &instance{}
	if s.nodes > 0 {
		url, err := i.startRedis(ctx, o, cpus)
		if err != nil {
			i.stop()
			return nil, err
		}
		args = append(args[:len(args):len(args)], "--redis", url)
	}
	for _, port := range ports {
		target := "127.0.0.1:" + strconv.Itoa(port)
		c, err := machine.Start(machine.Spawn{Name: name, Path: path, Args: append(args[:len(args):len(args)], "--port", strconv.Itoa(port)), CPUs: cpus})
		if err != nil {
			i.stop()
			return nil, err
		}
		i.children, i.pids, i.targets = append(i.children, c), append(i.pids, c.PID), append(i.targets, target)
		if err := awaitTCP(ctx, target, c); err != nil {
			i.stop()
			return nil, err
		}
	}
	return i, nil
}
