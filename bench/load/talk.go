package load

import "time"

// Command is one line from the coordinator to a worker.
type Command struct {
	Do       string        `json:"do"`
	Plan     *Plan         `json:"plan,omitempty"`     // of DoPlan
	WarmUp   time.Duration `json:"warmUp,omitempty"`   // of DoTraffic
	Duration time.Duration `json:"duration,omitempty"` // of DoTraffic
	Share    float64       `json:"share,omitempty"`    // of DoStall: how many of the connections
}

// The commands, in the order in which a run gives them.
const (
	DoPlan    = "plan"    // takes the plan; answered by IsReady
	DoOpen    = "open"    // connects, greets, joins; IsOpened
	DoTraffic = "traffic" // warm-up, window, drain; IsMeasuring, IsStopped, IsDrained
	DoCut     = "cut"     // resets every connection at once; IsResumed when all are back
	DoStall   = "stall"   // a share of the connections stop reading; no answer
	DoWake    = "wake"    // they read again; no answer
	DoQuit    = "quit"    // closes everything; IsGone
)

// Reply is one line from a worker to the coordinator.
type Reply struct {
	Is      string  `json:"is"`
	Error   string  `json:"error,omitempty"`
	Limited bool    `json:"limited,omitempty"` // of IsFailed, as in Totals
	Opened  *Opened `json:"opened,omitempty"`
	Tick    *Tick   `json:"tick,omitempty"`
	Totals  *Totals `json:"totals,omitempty"`
	Resume  *Opened `json:"resume,omitempty"`
}

// The replies.
const (
	IsReady     = "ready"
	IsOpened    = "opened"
	IsTick      = "tick"
	IsMeasuring = "measuring"
	IsStopped   = "stopped"
	IsDrained   = "drained"
	IsResumed   = "resumed"
	IsGone      = "gone"
	IsFailed    = "failed" // the worker gives up; Error says why
)

// Opened says how the opening, or the return after a cut, went.
type Opened struct {
	Connections int           `json:"connections"`
	Took        time.Duration `json:"took"`
	CPU         time.Duration `json:"cpu"`     // of the worker
	Latency     []byte        `json:"latency"` // encoded Histogram: connect() to joined
	ClientIDs   []uint64      `json:"clientIds,omitempty"`
	Recovered   int           `json:"recovered,omitempty"` // came back with everything they missed
	Missed      int           `json:"missed,omitempty"`    // messages that were replayed to them
	Retried     int           `json:"retried,omitempty"`   // ways into a room that were first answered UNAVAILABLE or 503
	Limited     bool          `json:"limited,omitempty"`   // as in Totals
}

// Tick is one sample of the time curves.
type Tick struct {
	At          time.Duration `json:"at"` // since the traffic began
	Sent        uint64        `json:"sent"`
	Deliveries  uint64        `json:"deliveries"` // in this interval
	Operations  uint64        `json:"operations"` // answered in this interval
	P50         int64         `json:"p50"`        // microseconds, of this interval
	P99         int64         `json:"p99"`
	Max         int64         `json:"max"`
	Connections int           `json:"connections"`
	Busy        float64       `json:"busy"` // share of one CPU that the worker needed
}

// Faults are counts of broken promises. Any of them makes a run fail.
type Faults struct {
	Lost         uint64   `json:"lost"`         // never came, though the room has it
	Duplicated   uint64   `json:"duplicated"`   // came twice on one connection, or got two places
	Reordered    uint64   `json:"reordered"`    // came behind one with a higher place
	Invented     uint64   `json:"invented"`     // nobody sent it, or not with this content in this room
	Unanswered   uint64   `json:"unanswered"`   // sends and operations without an answer
	Disconnected uint64   `json:"disconnected"` // ended by the server or the network unasked
	Refused      uint64   `json:"refused"`      // answered by an ERROR that the load did not provoke
	Unrecovered  uint64   `json:"unrecovered"`  // came back, but the server could not prove continuity
	Notes        []string `json:"notes,omitempty"`
}

// maxNotes bounds the examples kept of each worker's faults.
const maxNotes = 8

// Any says whether something went wrong.
func (f *Faults) Any() bool { return f.Total() > 0 }

// Total is the sum of all counts.
func (f *Faults) Total() uint64 {
	return f.Lost + f.Duplicated + f.Reordered + f.Invented + f.Unanswered + f.Disconnected + f.Refused + f.Unrecovered
}

// Add merges the faults of another worker.
func (f *Faults) Add(o *Faults) {
	f.Lost += o.Lost
	f.Duplicated += o.Duplicated
	f.Reordered += o.Reordered
	f.Invented += o.Invented
	f.Unanswered += o.Unanswered
	f.Disconnected += o.Disconnected
	f.Refused += o.Refused
	f.Unrecovered += o.Unrecovered
	f.Notes = append(f.Notes, o.Notes[:min(len(o.Notes), max(0, maxNotes-len(f.Notes)))]...)
}

// Totals is what a worker measured between IsMeasuring and IsStopped, and what its checks found
// until IsDrained.
type Totals struct {
	Window     time.Duration     `json:"window"`
	Sent       uint64            `json:"sent"`       // messages with an intended time in the window
	Deliveries uint64            `json:"deliveries"` // received in the window
	Reads      uint64            `json:"reads"`      // that brought data
	Frames     uint64            `json:"frames"`
	Bytes      uint64            `json:"bytes"` // received
	Events     map[string]uint64 `json:"events"`
	CPU        time.Duration     `json:"cpu"`
	Busy       float64           `json:"busy"`     // share of the window in which the worker was not idle
	Gap        time.Duration     `json:"gap"`      // the longest time that the worker did not get to run
	Latency    []byte            `json:"latency"`  // encoded Histogram: intended send → received, live
	Replayed   []byte            `json:"replayed"` // the same for what a connection that was cut off missed
	Late       []byte            `json:"late"`     // encoded Histogram: intended send → sent, the worker's own delay
	Ops        map[Op][]byte     `json:"ops"`      // encoded Histograms: sent → answered
	Checked    uint64            `json:"checked"`  // deliveries over the whole run, all verified
	Resumed    int               `json:"resumed"`  // connections that came back
	Stalled    int               `json:"stalled"`  // members that were told to stop reading
	Limited    bool              `json:"limited"`  // the server's own limits were met (429, RATE_LIMITED)
	Faults     Faults            `json:"faults"`
}
