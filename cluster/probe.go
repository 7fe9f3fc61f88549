package cluster

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// probeBy says by which partition of this primary it is probed. When that moves away, another takes
// its place on a new connection.
func (l *link) probeBy(part int) {
	key := l.topology.rooms.c.store.keys.probe(part, l.topology.rooms.node)
	if former := l.probeKey.Swap(&key); former != nil && *former != key {
		wake(l.again)
	}
}

// probe sends a token through script, channel and own subscription each second.
func (l *link) probe() {
	rooms := l.topology.rooms
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	var asked time.Time
	for {
		if time.Since(asked) >= policyInterval {
			asked = time.Now()
			l.askPolicy()
		}
		sent := time.Now().UnixNano()
		rooms.counts.probes.Add(1)
		err := rooms.c.store.run(l.ctx, scriptProbe, []string{*l.probeKey.Load()}, []string{strconv.FormatInt(sent, 10)}).Error()
		if err == nil || errors.Is(err, context.Canceled) {
			l.refused.Store(nil)
		} else {
			text := err.Error()
			l.refused.Store(&text)
		}
		select {
		case <-l.ctx.Done():
			return
		case <-l.test:
			continue // a new subscription: what was sent before proves nothing
		case <-ticker.C:
		}
		if l.heard.Load() < sent {
			rooms.counts.probeMisses.Add(1)
		}
	}
}

// askPolicy looks whether the primary would throw rooms away. It was refused at the start if so, but
// settings change, and a replica that was promoted may have others. Silence says nothing.
func (l *link) askPolicy() {
	client := l.topology.client(l.addr)
	if client == nil {
		return
	}
	ctx, cancel := context.WithTimeout(l.ctx, requestDeadline)
	defer cancel()
	info, err := client.Do(ctx, client.B().Info().Section("memory").Build()).ToString()
	if err != nil {
		return
	}
	policy := infoField(info, "maxmemory_policy")
	if policy == "" || policy == noEviction {
		l.evicting.Store(nil)
		return
	}
	if l.evicting.Swap(&policy) == nil {
		l.topology.rooms.c.config.Logger.Error("this node takes no new clients until redis keeps all keys again", "redis", l.addr, "maxmemory-policy", policy, "error", errEvicting.Error())
	}
}

// returned notes that a probe came back.
func (l *link) returned(token string) {
	sent, err := strconv.ParseInt(token, 10, 64)
	if err != nil {
		return
	}
	l.topology.rooms.counts.probeRTT.observe(time.Duration(time.Now().UnixNano() - sent))
	// A late one proves no more than that the channel carried when it was sent.
	for {
		old := l.heard.Load()
		if sent <= old || l.heard.CompareAndSwap(old, sent) {
			return
		}
	}
}

// ready says why this primary does not carry messages; empty means it does.
func (l *link) ready() string {
	name := "redis"
	if l.addr != "" {
		name += " " + l.addr
	}
	if policy := l.evicting.Load(); policy != nil {
		return name + " evicts keys when its memory is full: maxmemory-policy " + *policy
	}
	silent := time.Since(time.Unix(0, l.heard.Load()))
	if silent <= probeDeadline {
		return ""
	}
	if why := l.refused.Load(); why != nil {
		return name + " does not run scripts: " + *why
	}
	return name + " does not deliver to this node's subscription"
}
