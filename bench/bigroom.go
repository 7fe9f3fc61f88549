package main

import (
	"fmt"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

// bigroom: everybody in one room, while some go out and come in again.
var bigroom = scenario{"bigroom", "one room of 10,000 with people coming and going", func(o *options) []shape {
	members := o.pick(5000, 10_000)
	return []shape{{
		variant: "bigroom", about: fmt.Sprintf("one room of %d, 4 messages a second on schedule, 20 leave and join again each second", members),
		rooms: []int{members}, rate: 4, ops: map[load.Op]float64{load.OpRejoin: 20}, pinned: true,
		key: report.CPUCost, references: []string{limitBatched}, plain: withoutExtras,
	}}
}}
