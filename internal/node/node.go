// Package node builds a whole chat server from its parts and runs it. It is the only package that
// sees all of them.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/google/uuid"

	"chatroom/admin"
	"chatroom/cluster"
	"chatroom/engine"
	"chatroom/internal/config"
	"chatroom/web"
)

// closeTimeout bounds each part of what comes behind the drain: the loops' end, the last answers of
// Redis, open admin requests.
const closeTimeout = 5 * time.Second

// identity is what a process calls itself.
type identity struct{ server, host string }

func newIdentity() identity {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return identity{server: uuid.NewString(), host: host}
}

// Node is one running chat server.
type Node struct {
	// Immutable after open.
	log     *slog.Logger
	engine  *engine.Engine
	cluster *cluster.Cluster // nil without Redis
	memory  *engine.Embedded // nil with Redis
	admin   *admin.Server
	started time.Time
}

// Start builds a node and opens its listeners. ctx bounds only the start; without Redis at its
// address it fails within seconds. What was begun is ended again when it fails.
func Start(ctx context.Context, s config.Settings, log *slog.Logger) (_ *Node, err error) {
	id := newIdentity()
	n := &Node{log: log, started: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close(context.WithoutCancel(ctx)))
		}
	}()
	cfg := engineConfig(s, id, log.With("part", "engine"))
	if n.engine, err = engine.New(cfg, web.Chat); err != nil {
		return nil, err
	}
	var seen operators
	if s.RedisURL == "" {
		n.memory = engine.NewEmbedded(cfg, n.engine)
		n.engine.Use(n.memory, n.memory.Directory())
		seen = n.memory
	} else {
		if n.cluster, err = cluster.Open(ctx, clusterConfig(s, id, log.With("part", "cluster")), n.engine); err != nil {
			return nil, err
		}
		n.cluster.Bind(n.engine)
		n.engine.Use(n.cluster, n.cluster.Directory())
		seen = n.cluster
		if err = n.cluster.Start(ctx); err != nil {
			return nil, err
		}
	}
	if err = n.engine.Start(ctx); err != nil {
		return nil, err
	}
	if n.admin, err = admin.New(adminConfig(s, id, log.With("part", "admin")), view{seen, n}, dashboard{web.Dashboard}); err != nil {
		return nil, err
	}
	if err = n.admin.Start(); err != nil {
		return nil, err
	}
	log.Info("serving", "page", n.PageURL(), "admin", n.AdminURL(), "server", id.server, "version", config.Version())
	return n, nil
}

// Addr is the address of the public listener.
func (n *Node) Addr() net.Addr { return n.engine.Addr() }

// PageURL is where a browser on this machine finds the chat page.
func (n *Node) PageURL() string { return "http://" + local(n.engine.Addr().String()) + "/" }

// AdminURL is where a browser on this machine finds the dashboard.
func (n *Node) AdminURL() string { return "http://" + local(n.admin.Addr().String()) + "/admin/" }

// local writes an address for somebody on this machine: every address is reached by localhost.
func local(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Ready is empty while the node takes new connections, else says why it does not.
func (n *Node) Ready() string {
	if reason := n.engine.Ready(); reason != "" || n.cluster == nil {
		return reason
	}
	return n.cluster.Ready()
}

// Shutdown drains: new requests are refused, clients are sent away over the drain time, then
// everything is closed. It returns as soon as the last client is gone.
func (n *Node) Shutdown(ctx context.Context) error {
	n.admin.Drain()
	err := n.engine.Drain(ctx)
	return errors.Join(err, n.close(ctx))
}

func (n *Node) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	bounded := func(part func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, closeTimeout)
		defer cancel()
		return part(ctx)
	}
	var faults []error
	if n.engine != nil {
		faults = append(faults, bounded(n.engine.Shutdown))
	}
	if n.memory != nil {
		n.memory.Close()
	}
	if n.cluster != nil {
		// Redis may be away, and that is no fault of this end: whatever was not written is found by
		// another node, as after a crash.
		if err := bounded(n.cluster.Close); err != nil {
			n.log.Warn("Redis did not confirm the last writes; another node cleans up", "err", err)
		}
	}
	if n.admin != nil {
		faults = append(faults, bounded(n.admin.Shutdown))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("node: close: %w", err)
	}
	return nil
}
