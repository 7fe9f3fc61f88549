package main

import (
	"chatroom/bench/load"
	"chatroom/bench/report"
)

// churn: members that do everything but sit still.
var churn = scenario{"churn", "members that join, leave, rename themselves and read history", func(o *options) []shape {
	return []shape{{
		variant: "churn", about: "2,000 members in rooms of 20; a second: 200 messages, 200 moves to another room, 100 leave and join again, 200 renames, 50 pages of history, 20 lists of rooms, 50 pings",
		rooms: equal(100, 20), rate: 200, pinned: true,
		ops: map[load.Op]float64{load.OpMove: 200, load.OpRejoin: 100, load.OpRename: 200, load.OpHistory: 50, load.OpList: 20, load.OpPing: 50},
		key: report.CPUCost, references: []string{limitBatched}, plain: withoutExtras,
	}}
}}
