package main

import (
	"fmt"
	"time"

	"chatroom/bench/report"
)

// crowd: as many as one machine can hold, on many nodes over one Redis. Every client id must be
// unique in the whole cluster.
var crowd = scenario{"crowd", "many nodes with many connections each (full: 10 × 10,000), ids unique, memory per node", func(o *options) []shape {
	nodes, each := o.pick(3, 10), o.pick(2000, 10_000)
	s := shape{
		variant: "crowd", about: fmt.Sprintf("%d nodes with %d connections each over one Redis; rooms of 100 spread over all nodes, 20 messages = 2,000 deliveries a second", nodes, each),
		rooms: equal(nodes*each/100, 100), rate: 20, nodes: nodes, settle: time.Duration(o.pick(1, 5)) * time.Second,
		key: report.PerConn, inFlight: 128,
	}
	if o.length == "full" {
		s.bounds = []bound{{figure: report.Resident, most: 60, why: "a node with 10,000 connections is to stay below 60 MB"}}
	}
	return []shape{s}
}}
