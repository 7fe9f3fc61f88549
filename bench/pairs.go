package main

import "chatroom/bench/report"

// pairs: rooms of two, where a message costs as much as its deliveries.
var pairs = scenario{"pairs", "rooms of 2: one loop on one core, and unpinned", func(o *options) []shape {
	return []shape{{
		variant: "pairs", about: "500 rooms of 2, 1 message in flight per room; server on one core, load sleeping on another",
		rooms: equal(500, 2), window: 1, pinned: true, key: report.Throughput, references: []string{limitSingle},
	}, {
		variant: "pairs-free", about: "500 rooms of 2, 1 message in flight per room; nothing pinned, so members of a pair may sit on different loops",
		rooms: equal(500, 2), window: 1, splits: true, key: report.Throughput, references: []string{limitSingle},
	}}
}}
