// Package load is the client side of the harness: one worker holds tens of thousands of
// connections on one raw epoll loop, sends on a schedule, and checks every delivery.
//
// A worker is one goroutine locked to its thread. It is told what to do by JSON lines on a pipe
// and answers in the same way, so it runs as well inside a test as in a process of its own. Every
// room lives in exactly one worker (its members may sit on several servers), therefore each
// worker proves alone that nothing was lost, duplicated, reordered or invented.
package load

import (
	"errors"
	"fmt"
	"time"
)

// Plan is the shape of the load of one worker. It is plain data and travels as JSON.
type Plan struct {
	Dialect  string   `json:"dialect"` // how the server is spoken to: chatroom, raw, centrifuge or socketio
	Targets  []string `json:"targets"` // host:port of each node
	Path     string   `json:"path"`    // of the handshake; empty = the dialect's own
	Source   string   `json:"source"`  // local address; empty = the kernel's choice
	Rooms    []int    `json:"rooms"`   // the number of members of each room
	Worker   int      `json:"worker"`  // number of this worker; makes names and texts unique
	Run      uint32   `json:"run"`     // mark of this run, carried by every text
	Seed     uint64   `json:"seed"`    // of the choices of behaviours
	InFlight int      `json:"inFlight"`
	BusyPoll bool     `json:"busyPoll"`
	CPU      int      `json:"cpu"`   // the CPU this worker is bound to; -1 = any
	Alone    bool     `json:"alone"` // the process has nothing else to do: it may sleep without telling the Go scheduler

	TextBytes int           `json:"textBytes"` // of each message, at least MinTextBytes
	Window    int           `json:"window"`    // closed loop: messages in flight per room; 0 = open loop
	Rate      float64       `json:"rate"`      // open loop: messages a second of this worker
	Tick      time.Duration `json:"tick"`      // between two samples
	Patience  time.Duration `json:"patience"`  // how long outstanding deliveries and answers are waited for

	// Ops are the behaviours of members besides sending, in operations a second of this worker.
	Ops map[Op]float64 `json:"ops"`

	// Resume makes a connection that the server or the network ended come back by RESUME. Without
	// it such an end is a fault.
	Resume bool `json:"resume"`
}

// Op is something a member does besides sending.
type Op string

// The operations a worker can do. All but OpCut and OpReplace are answered on the same connection.
const (
	OpRename  Op = "rename"
	OpMove    Op = "move"    // join another room, which leaves the former
	OpRejoin  Op = "rejoin"  // leave the room, then join it again
	OpList    Op = "list"    // a page of the public rooms
	OpHistory Op = "history" // the newest messages of the room
	OpPing    Op = "ping"
	OpCut     Op = "cut"     // reset the connection, come back by RESUME
	OpReplace Op = "replace" // close 1000, come back as somebody new
)

// Limits of a plan.
const (
	MinTextBytes = 32        // run, room and number of the message in fixed width
	MaxTextBytes = 16 << 10  // far above what the contract allows by default
	maxWindow    = 256       // a quarter of the duplicate window of a dialect without sequence
	maxRooms     = 1_000_000 // a sanity limit
)

// Connections is the number of members of all rooms.
func (p *Plan) Connections() int {
	n := 0
	for _, size := range p.Rooms {
		n += size
	}
	return n
}

// Validate reports all faults of the plan at once.
func (p *Plan) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("load: "+format, args...)) }
	if _, known := dialects[p.Dialect]; !known {
		fault("unknown dialect %q", p.Dialect)
	}
	if len(p.Targets) == 0 {
		fault("no target")
	}
	if len(p.Rooms) == 0 || len(p.Rooms) > maxRooms {
		fault("%d rooms, want 1 to %d", len(p.Rooms), maxRooms)
	}
	for _, size := range p.Rooms {
		if size < 1 {
			fault("a room of %d members", size)
			break
		}
	}
	if p.TextBytes < MinTextBytes || p.TextBytes > MaxTextBytes {
		fault("text of %d bytes, want %d to %d", p.TextBytes, MinTextBytes, MaxTextBytes)
	}
	if p.Window < 0 || p.Window > maxWindow {
		fault("window of %d messages, want 0 to %d", p.Window, maxWindow)
	}
	if p.Rate < 0 || p.Window > 0 && p.Rate > 0 {
		fault("rate %g with window %d: an open loop has a rate, a closed one a window", p.Rate, p.Window)
	}
	if p.Window > 0 && len(p.Ops) > 0 {
		fault("a closed loop counts the members of each message, so they must stay: no operations")
	}
	if len(p.Ops) > 0 && p.Dialect != Chatroom {
		fault("dialect %s knows no operations", p.Dialect)
	}
	return errors.Join(faults...)
}

func (p *Plan) setDefaults() {
	p.InFlight = orDefault(p.InFlight, 64)
	p.TextBytes = orDefault(p.TextBytes, 120)
	p.Tick = orDefault(p.Tick, 500*time.Millisecond)
	p.Patience = orDefault(p.Patience, 15*time.Second)
	if p.Path == "" && dialects[p.Dialect] != nil {
		p.Path = dialects[p.Dialect].path()
	}
}

func orDefault[T int | time.Duration](v, d T) T {
	if v == 0 {
		return d
	}
	return v
}
