package main

import (
	"time"

	"chatroom/bench/report"
)

// idle: what a connection costs that says nothing.
var idle = scenario{"idle", "memory per silent connection: the process's and the kernel's", func(o *options) []shape {
	return []shape{{
		variant: "idle", about: "10,000 connections in 100 rooms of 100 that say nothing; server on one core",
		rooms: equal(100, 100), pinned: true, noTraffic: true, settle: time.Duration(o.pick(2, 5)) * time.Second,
		key: report.PerConn, references: []string{limitBatched},
	}}
}}
