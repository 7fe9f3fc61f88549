package main

import "chatroom/bench/report"

// cluster: the members of each room sit on two nodes with Redis between them. The same open load
// on one node says what the way through Redis costs.
var cluster = scenario{"cluster", "rooms spread over two nodes and Redis, all on one core", func(o *options) []shape {
	return []shape{{
		variant: "cluster", about: "2 nodes and Redis on one core; 10 rooms of 100, half of each on either node, 4 messages in flight per room; load sleeping on another core",
		rooms: equal(10, 100), window: 4, pinned: true, nodes: 2, key: report.Throughput, references: []string{limitBatched}, plain: withoutExtras,
	}, {
		variant: "cluster-open", about: "the same rooms on 2 nodes and Redis, 100 messages = 10,000 deliveries a second on schedule",
		rooms: equal(10, 100), rate: 100, pinned: true, nodes: 2, key: report.CPUCost, references: []string{limitBatched}, plain: withoutExtras,
	}, {
		variant: "single-open", about: "the same load on one node without Redis: what the way through Redis adds is the difference",
		rooms: equal(10, 100), rate: 100, pinned: true, key: report.CPUCost, references: []string{limitBatched},
	}}
}}
