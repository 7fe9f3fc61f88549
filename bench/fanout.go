package main

import "chatroom/bench/report"

// fanout: rooms of 100. The closed loops show the ceiling: with four messages of a room in flight
// a server can gather them into one write, with one it can't. The open loop shows what people
// would feel.
var fanout = scenario{"fanout", "rooms of 100: ceilings with 1,000 and 10,000 members, latency at 50,000 deliveries a second", func(o *options) []shape {
	return []shape{{
		variant: "fanout-1000", about: "1,000 members in rooms of 100, 4 messages in flight per room; server on one core, load busy-polling on another",
		rooms: equal(10, 100), window: 4, busyPoll: true, pinned: true, key: report.Throughput, references: []string{limitBatched, limitSingle},
	}, {
		variant: "fanout-10000", about: "10,000 members in rooms of 100, 1 message in flight per room; server on one core, load sleeping on another",
		rooms: equal(100, 100), window: 1, pinned: true, key: report.Throughput, references: []string{limitSingle},
	}, {
		variant: "fanout-open", about: "1,000 members in rooms of 100, 500 messages = 50,000 deliveries a second on schedule; server on one core, load sleeping on another",
		rooms: equal(10, 100), rate: 500, pinned: true, key: report.CPUCost, references: []string{limitBatched},
	}}
}}
