package admin

import (
	"maps"
	"slices"
	"strconv"

	"chatroom/internal/chat"

	"github.com/prometheus/client_golang/prometheus"
)

// maxLabelValues bounds the series of one metric whose labels come from a map of the node; what is
// above is summed as "other".
const maxLabelValues = 40

// nodeCollector reads the counters of a node once per scrape and shows them as constant metrics:
// nothing is registered, held or allocated per connection.
type nodeCollector struct{ node Node }

type series struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func newSeries(kind prometheus.ValueType, name, help string, labels ...string) series {
	return series{prometheus.NewDesc("chatroom_"+name, help, labels, nil), kind}
}

// What the counters of a node are called. Units are seconds and bytes.
var (
	gaugeValue, counterValue = prometheus.GaugeValue, prometheus.CounterValue

	connections   = newSeries(gaugeValue, "connections", "Connections that are open.")
	connectionCap = newSeries(gaugeValue, "connections_limit", "Connections that may be open.")
	rooms         = newSeries(gaugeValue, "rooms", "Rooms with members on this node.")
	splitRooms    = newSeries(gaugeValue, "rooms_split", "Of the rooms, those whose members on this node sit on several event loops.")
	pendingBytes  = newSeries(gaugeValue, "pending_bytes", "Bytes not yet taken by the sockets, all connections.")
	logBytes      = newSeries(gaugeValue, "room_log_bytes", "Bytes held by the room logs.")
	handshakes    = newSeries(counterValue, "handshakes_total", "WebSocket handshakes by result.", "result")
	closes        = newSeries(counterValue, "closes_total", "Connections that ended, by close code.", "code")
	messages      = newSeries(counterValue, "messages_total", "Chat messages accepted.")
	deliveries    = newSeries(counterValue, "deliveries_total", "Copies of messages written to members, the acknowledgement to the sender included.")
	receivedBytes = newSeries(counterValue, "received_bytes_total", "Bytes read from clients.")
	sentBytes     = newSeries(counterValue, "sent_bytes_total", "Bytes written to clients.")
	slowReaders   = newSeries(counterValue, "slow_readers_total", "Connections closed because they read too slowly.")
	resumes       = newSeries(counterValue, "resumes_total", "Attempts to resume a session, by result.", "result")
	dedupes       = newSeries(counterValue, "deduplicated_messages_total", "Messages that were sent again and accepted once.")
	rateLimited   = newSeries(counterValue, "rate_limited_total", "Client requests refused, by the limit that refused.", "layer")
	panics        = newSeries(counterValue, "recovered_panics_total", "Panics caught in the handling of one session.")
	errorEvents   = newSeries(counterValue, "error_events_total", "ERROR events sent, by code.", "code")
	roomsCreated  = newSeries(counterValue, "rooms_created_total", "Rooms created on this node.")
	delivery      = newSeries(0, "delivery_latency_seconds", "From the arrival of a message at its node to the write to a node's last member.")
	loopTurn      = newSeries(0, "loop_turn_seconds", "One turn of an event loop that had work.")

	gaps          = newSeries(counterValue, "cluster_gaps_total", "Jumps of a sequence or forks that were noticed.")
	repairs       = newSeries(counterValue, "cluster_repairs_total", "Gaps that were filled without members noticing.")
	resyncs       = newSeries(counterValue, "cluster_resyncs_total", "Gaps that members were told of.")
	clusterDedupe = newSeries(counterValue, "cluster_deduplicated_messages_total", "Messages that the shared log had already.")
	probes        = newSeries(counterValue, "cluster_probes_total", "Probes sent through the shared log to this node's own subscription.")
	probeMisses   = newSeries(counterValue, "cluster_probe_misses_total", "Probes that did not come back.")
	probeTime     = newSeries(0, "cluster_probe_seconds", "From a probe's script to its arrival on this node's own subscription.")
	roundTrip     = newSeries(0, "redis_round_trip_seconds", "One exchange with Redis.")
	subscribed    = newSeries(gaugeValue, "cluster_subscriptions", "Room channels that this node follows.")
	batchSize     = newSeries(0, "cluster_batch_messages", "Messages per publish to the shared log.")
	leases        = newSeries(counterValue, "cluster_lease_renewals_total", "Renewals of this node's lease.")
	reaped        = newSeries(counterValue, "cluster_reaped_nodes_total", "Dead nodes that this one cleaned up.")
)

var allSeries = []series{connections, connectionCap, rooms, splitRooms, pendingBytes, logBytes, handshakes, closes, messages, deliveries,
	receivedBytes, sentBytes, slowReaders, resumes, dedupes, rateLimited, panics, errorEvents, roomsCreated, delivery, loopTurn,
	gaps, repairs, resyncs, clusterDedupe, probes, probeMisses, probeTime, roundTrip, subscribed, batchSize, leases, reaped}

// Describe sends the descriptions.
func (c *nodeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range allSeries {
		ch <- s.desc
	}
}

// Collect sends the values.
func (c *nodeCollector) Collect(ch chan<- prometheus.Metric) {
	n, k := c.node.Counters(), c.node.ClusterCounters()
	connections.send(ch, float64(n.Connections))
	connectionCap.send(ch, float64(n.MaxConnection))
	rooms.send(ch, float64(n.Rooms))
	splitRooms.send(ch, float64(n.SplitRooms))
	pendingBytes.send(ch, float64(n.PendingBytes))
	logBytes.send(ch, float64(n.LogBytes))
	subscribed.send(ch, float64(k.Subscribed))
	for _, v := range []struct {
		series series
		value  uint64
	}{
		{messages, n.Messages}, {deliveries, n.Deliveries}, {receivedBytes, n.BytesIn}, {sentBytes, n.BytesOut},
		{slowReaders, n.SlowReaders}, {dedupes, n.Dedupes}, {panics, n.Panics}, {roomsCreated, n.RoomsCreated},
		{gaps, k.Gaps}, {repairs, k.Repairs}, {resyncs, k.Resyncs}, {clusterDedupe, k.Dedupes}, {probes, k.Probes},
		{probeMisses, k.ProbeMisses}, {leases, k.LeaseRenewed}, {reaped, k.Reaped},
	} {
		v.series.send(ch, float64(v.value))
	}
	handshakes.sendMap(ch, n.Handshakes)
	resumes.sendMap(ch, n.Resumes)
	rateLimited.sendMap(ch, n.RateLimited)
	errorEvents.sendMap(ch, n.Errors)
	closes.sendMap(ch, byCode(n.Closes))

	const micros = 1e6
	delivery.sendHistogram(ch, n.Delivery, micros)
	loopTurn.sendHistogram(ch, n.LoopTurn, micros)
	probeTime.sendHistogram(ch, k.ProbeRTT, micros)
	roundTrip.sendHistogram(ch, k.RoundTrip, micros)
	batchSize.sendHistogram(ch, k.BatchSizes, 1)
}

func (s series) send(ch chan<- prometheus.Metric, v float64) {
	ch <- prometheus.MustNewConstMetric(s.desc, s.kind, v)
}

func (s series) sendMap(ch chan<- prometheus.Metric, values map[string]uint64) {
	var other uint64
	for i, label := range slices.Sorted(maps.Keys(values)) { // sorted: the same ones are summed at every scrape
		if i >= maxLabelValues || label == "other" {
			other += values[label]
			continue
		}
		ch <- prometheus.MustNewConstMetric(s.desc, s.kind, float64(values[label]), label)
	}
	if other > 0 {
		ch <- prometheus.MustNewConstMetric(s.desc, s.kind, float64(other), "other")
	}
}

// sendHistogram turns separate buckets into the cumulative ones of Prometheus; scale is how many of
// the histogram's units make one of the metric's.
func (s series) sendHistogram(ch chan<- prometheus.Metric, h chat.Latency, scale float64) {
	buckets := make(map[float64]uint64, len(chat.LatencyBounds))
	var total uint64
	for i, bound := range chat.LatencyBounds {
		total += h.Buckets[i]
		buckets[float64(bound)/scale] = total
	}
	// The open bucket is the rest: a snapshot that is read while it is written must still add up.
	total += h.Buckets[len(chat.LatencyBounds)]
	ch <- prometheus.MustNewConstHistogram(s.desc, total, float64(h.SumMicros)/scale, buckets)
}

// byCode labels closes with their code. Codes that this server never sends come from clients, who
// may choose among thousands: they are one series.
func byCode(closes map[int]uint64) map[string]uint64 {
	out := make(map[string]uint64, len(closes))
	for code, v := range closes {
		switch {
		case code >= 1000 && code <= 1014, code >= 4000 && code <= 4001, code >= 4500 && code <= 4502:
			out[strconv.Itoa(code)] += v
		default:
			out["other"] += v
		}
	}
	return out
}
