// Package cluster is the chat server's link to Redis: the sequenced log and the membership of every
// room, and the identities, leases and records of all nodes.
//
// A Cluster has the methods of the engine's log, directory and operators, and tells what happens
// through a Feed. It imports internal/chat and nothing else of this module; it is the only importer
// of rueidis.
//
// # Goroutines
//
// A room belongs to one shard goroutine (shard.go), chosen by its id: only that goroutine reads or
// changes the room's state and calls the Feed about it. Round trips to Redis run on executor
// goroutines, subscriptions on one goroutine per primary; both post what they learn to the shard.
package cluster
