package main

import (
	"fmt"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

// storm: the network drops everybody at once, and everybody wants back in. Messages keep being
// wanted meanwhile; nobody may miss one.
var storm = scenario{"storm", "all connections cut at once; everyone resumes and nothing is lost", func(o *options) []shape {
	rooms := o.pick(50, 100)
	return []shape{{
		variant: "storm", about: fmt.Sprintf("%d members in rooms of 100, 200 messages a second on schedule; all connections reset at once, everyone comes back by RESUME", rooms*100),
		rooms: equal(rooms, 100), rate: 200, pinned: true, resume: true, inFlight: 512,
		duration: time.Duration(o.pick(4, 12)) * time.Second,
		moments:  []moment{{0.25, load.Command{Do: load.DoCut}}},
		bounds:   []bound{{figure: report.ResumeTime, most: 5, why: "all are to be back within five seconds"}},
		key:      report.ConnectRate, references: []string{limitBatched},
		// Beside it: how fast the same number can connect and join at all.
		plain: func(s shape) shape {
			s = withoutExtras(s)
			s.noTraffic = true
			return s
		},
	}}
}}
