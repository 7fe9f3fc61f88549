package main

import (
	"time"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

// slow: some stop reading. The others must not notice, the server must not grow without limit,
// and those who read again get everything.
var slow = scenario{"slow", "readers that stop: the others go on, the slow ones resume without a loss", func(o *options) []shape {
	return []shape{{
		variant: "slow", about: "4 rooms of 25, 2,000 messages of 1,000 bytes a second on schedule; 5 % of the members stop reading until the end",
		rooms: equal(4, 25), rate: 2000, text: 1000, pinned: true, resume: true,
		duration: time.Duration(o.pick(4, 10)) * time.Second,
		moments:  []moment{{0.05, load.Command{Do: load.DoStall, Share: 0.05}}},
		// The log must reach back as far as the slow ones stay away, and the limit on what is unsent
		// must be met within the run.
		args:   []string{"--room-log", "100000/67m/256MiB", "--max-pending", "256KiB", "--log-memory", "2GiB"},
		bounds: []bound{{figure: slowShare, most: 1, atLeast: true, why: "every reader that stopped is to be closed, or nothing was tried"}},
		key:    report.CPUCost, references: []string{limitBatched}, plain: withoutExtras,
	}}
}}
