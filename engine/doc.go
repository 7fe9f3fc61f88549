// Package engine is the public side of a node: a WebSocket and HTTP server on gnet's event loops,
// the sessions and rooms behind it, and the room log of a node without Redis.
//
// The way of a message, file by file:
//
//	handler.go    gnet's events → the session of a connection
//	handshake.go  the HTTP request that becomes a WebSocket, and the pages
//	dispatch.go   one client event → what it asks for; order and limits of a connection
//	publish.go    SEND_MESSAGE → the room's home loop → the log → frames for every loop with members
//	deliver.go    a loop's members get the frames of a turn in one write each
//	outbox.go     what only one of them is told, in its place between the frames
//	catchup.go    those who are behind: replay, recovery, slow readers
//	close.go      a connection's end, and what it means for its session
//
// # Who owns what
//
// Everything belongs to one loop (see loop) and is touched on its goroutine only: a session to the
// loop that accepted it, a room's order to its home loop, a room's members to the loop they sit on.
// Loops, logs and everybody else talk to a loop through its inbox. Two registries, of rooms and of
// clients, are read by all; a few counters are atomic. There is no lock on the way of a message but
// the inbox's, taken once for what a turn has for another loop.
//
// A Log, a Directory and a Feed are where the engine meets the room log: Embedded is one, in this
// package; the one in Redis is another package's. All of their methods return at once.
package engine
