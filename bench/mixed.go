package main

import (
	"time"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

// mixed is what a real evening looks like: a few big rooms, many small ones, people who come, look
// around, talk, lose their connection and go.
var mixed = scenario{"mixed", "what a real evening looks like", func(o *options) []shape {
	s := evening()
	s.variant = "mixed"
	s.duration = time.Duration(o.pick(3, 20)) * time.Second
	return []shape{s}
}}

// evening is the load of mixed, and of soak for longer.
func evening() shape {
	rooms := append([]int{400}, equal(6, 60)...)
	rooms = append(rooms, equal(30, 15)...)
	rooms = append(rooms, equal(100, 4)...)
	rooms = append(rooms, equal(200, 2)...)
	return shape{
		about: "2,010 members in 337 rooms of 2 to 400; a second: 300 messages, 20 moves, 20 people replaced by others, 10 lost connections, 5 renames, 60 lists, pages and pings",
		rooms: rooms, rate: 300, resume: true, pinned: true,
		ops: map[load.Op]float64{
			load.OpMove: 20, load.OpRejoin: 5, load.OpRename: 5, load.OpHistory: 10, load.OpList: 10,
			load.OpPing: 40, load.OpCut: 10, load.OpReplace: 20,
		},
		key: report.CPUCost, references: []string{limitBatched}, plain: withoutExtras,
	}
}
