// Package room holds what a node must know of its rooms without knowing what a connection is: a
// registry that any goroutine may read, the members of a room on one loop, and the ring of a
// room's recent messages with its limits.
//
// Only Registry is safe for concurrent use. Members and Ring belong to whoever owns the room or
// the loop; they take no lock.
package room
