// Package report holds the results of a benchmark: as a table, as JSON, as a self-contained HTML
// page, beside an earlier result, and against thresholds.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/machine"
)

// Result is everything one run of the harness measured. It is plain data.
type Result struct {
	At       time.Time           `json:"at"`
	Machine  machine.Description `json:"machine"`
	Settings map[string]string   `json:"settings"` // the command line in force
	Rows     []*Row              `json:"rows"`
	Skipped  map[string]string   `json:"skipped,omitempty"` // scenario → why
}

// Row is one load on one server.
type Row struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Subject  string `json:"subject"` // the server: chatroom, limit, a peer
	Load     string `json:"load"`    // in a sentence
	Key      string `json:"key"`     // the figure that the load is about
	Repeat   int    `json:"repeat"`  // of how many runs these are the figures of the median one

	Server  string            `json:"server,omitempty"` // the version that the server gives itself
	Setup   Setup             `json:"setup"`
	Figures []Figure          `json:"figures"`
	Series  []Point           `json:"series,omitempty"`
	Spread  []Quantile        `json:"percentiles,omitempty"`
	Faults  load.Faults       `json:"faults"`
	Checked uint64            `json:"checked"` // deliveries verified
	Events  map[string]uint64 `json:"events,omitempty"`

	Saturated bool   `json:"saturated,omitempty"` // the generator had no CPU left
	Limited   bool   `json:"limited,omitempty"`   // the server's own limits refused load
	Note      string `json:"note,omitempty"`
	Failed    string `json:"failed,omitempty"` // why there are no figures
}

// Setup is the load of a row in numbers.
type Setup struct {
	Rooms      int                `json:"rooms"`
	Members    int                `json:"members"` // of all rooms
	Window     int                `json:"window,omitempty"`
	Rate       float64            `json:"rate,omitempty"`       // messages a second
	Operations map[string]float64 `json:"operations,omitempty"` // a second
	TextBytes  int                `json:"textBytes"`
	WarmUp     float64            `json:"warmUp,omitempty"`   // seconds
	Duration   float64            `json:"duration,omitempty"` // seconds
	Nodes      int                `json:"nodes"`
	ServerCPUs []int              `json:"serverCPUs,omitempty"` // empty: wherever the kernel puts them
	LoadCPUs   []int              `json:"loadCPUs,omitempty"`
	BusyPoll   bool               `json:"busyPoll,omitempty"`
	Workers    int                `json:"workers"`
}

// Quantile is the latency that a share of the deliveries did not exceed.
type Quantile struct {
	Percent float64 `json:"p"`
	Millis  float64 `json:"ms"`
}

// Figure is one measured value.
type Figure struct {
	Name  string  `json:"name"` // stable: thresholds and comparisons use it
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Less  bool    `json:"less,omitempty"` // less is better
}

// Point is one sample of the curves.
type Point struct {
	Seconds     float64 `json:"t"`
	Deliveries  float64 `json:"deliveries"` // per second
	Operations  float64 `json:"operations"` // per second
	P50         float64 `json:"p50"`        // milliseconds
	P99         float64 `json:"p99"`
	Max         float64 `json:"max"`
	Connections int     `json:"connections"`
	Busy        float64 `json:"busy"` // of the busiest worker
}

// Names of the figures that most rows have.
const (
	Throughput  = "deliveries_per_s"
	CPUCost     = "cpu_s_per_million"
	P50         = "p50_ms"
	P99         = "p99_ms"
	P999        = "p99.9_ms"
	Worst       = "max_ms"
	ConnectRate = "connects_per_s"
	ConnectCPU  = "cpu_us_per_connect"
	Resident    = "rss_mb"
	PerConn     = "bytes_per_connection"
	KernelConn  = "kernel_bytes_per_connection"
	ResumeTime  = "resume_s"
	Share       = "share_of_limit"
	Busy        = "generator_busy"
	Split       = "split_over_loops"
)

// Add appends a figure where more is better; AddLess one where less is.
func (r *Row) Add(name string, value float64, unit string) {
	r.Figures = append(r.Figures, Figure{name, value, unit, false})
}

// AddLess appends a figure where less is better.
func (r *Row) AddLess(name string, value float64, unit string) {
	r.Figures = append(r.Figures, Figure{name, value, unit, true})
}

// Figure finds a value by name.
func (r *Row) Figure(name string) (f Figure, found bool) {
	for _, f := range r.Figures {
		if f.Name == name {
			return f, true
		}
	}
	return Figure{}, false
}

// Good says whether the row is worth anything: it ran and no promise was broken.
func (r *Row) Good() bool { return r.Failed == "" && !r.Faults.Any() }

// AddShare says which share of the limit's figure this row reached: 1 = as good as the limit.
func (r *Row) AddShare(limit *Row, key string) {
	mine, ok1 := r.Figure(key)
	its, ok2 := limit.Figure(key)
	if !ok1 || !ok2 || mine.Value <= 0 || its.Value <= 0 {
		return
	}
	share := mine.Value / its.Value
	if mine.Less {
		share = 1 / share
	}
	r.Add(Share, share, "")
}

// Find gives the row of a variant and subject.
func (r *Result) Find(variant, subject string) *Row {
	for _, row := range r.Rows {
		if row.Variant == variant && row.Subject == subject {
			return row
		}
	}
	return nil
}

// Save writes the result as JSON.
func (r *Result) Save(path string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Load reads an earlier result.
func Load(path string) (*Result, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("report: earlier result: %w", err)
	}
	var r Result
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("report: earlier result %s: %w", path, err)
	}
	return &r, nil
}
