package cluster

import "chatroom/internal/chat"

// ready says why this node should get no clients: the first primary that does not carry.
func (r *rooms) ready() string {
	links := r.topology.primaries()
	if len(links) == 0 {
		return "redis is not connected"
	}
	for _, l := range links {
		if why := l.ready(); why != "" {
			return why
		}
	}
	return ""
}

// count fills in what the room log counts.
func (r *rooms) count(into *chat.ClusterCounters) {
	c := &r.counts
	into.Gaps, into.Repairs, into.Resyncs = c.gaps.Load(), c.repairs.Load(), c.resyncs.Load()
	into.Dedupes, into.Probes, into.ProbeMisses = c.dedupes.Load(), c.probes.Load(), c.probeMisses.Load()
	into.ProbeRTT, into.BatchSizes = c.probeRTT.snapshot(), c.batches.snapshot()
	into.LeaseRenewed, into.Reaped = r.c.lease.count.Load(), r.c.reaper.count.Load()
	into.RoundTrip = r.c.store.roundTrip.snapshot()
	for _, l := range r.topology.primaries() {
		into.Subscribed += l.subscribed()
	}
}

// Counters is what the link to Redis has counted since it was opened. Any goroutine.
func (c *Cluster) Counters() chat.ClusterCounters {
	var all chat.ClusterCounters
	c.rooms.count(&all)
	return all
}
