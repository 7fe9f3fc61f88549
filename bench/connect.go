package main

import "chatroom/bench/report"

// connect: how many can come in per second, and what one costs.
var connect = scenario{"connect", "rate of connections that open, greet and join a room of 100", func(o *options) []shape {
	return []shape{{
		variant: "connect", about: "10,000 connections into 100 rooms of 100, 64 handshakes at once; server on one core",
		rooms: equal(100, 100), pinned: true, noTraffic: true, key: report.ConnectRate, references: []string{limitBatched},
	}}
}}
