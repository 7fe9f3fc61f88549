package report

import (
	"fmt"
	"math"
	"strings"
)

// Change is how a figure moved against an earlier result.
type Change struct {
	Before, After Figure
	Percent       float64 // positive = better
	Known         bool
}

// Compare finds the same figure of the same load on the same server in an earlier result.
func Compare(earlier *Result, row *Row, name string) Change {
	after, ok := row.Figure(name)
	if earlier == nil || !ok {
		return Change{}
	}
	old := earlier.Find(row.Variant, row.Subject)
	if old == nil || old.Load != row.Load { // the short and the full run of a scenario are two loads
		return Change{}
	}
	before, ok := old.Figure(name)
	if !ok || before.Value == 0 || math.IsNaN(before.Value) {
		return Change{}
	}
	percent := (after.Value - before.Value) / before.Value * 100
	if after.Less {
		percent = -percent
	}
	return Change{Before: before, After: after, Percent: percent, Known: true}
}

// noise is the change in percent below which a figure counts as unchanged: repeated runs of one
// program on one machine differ by as much.
const noise = 10

// Matters says whether the change is more than noise.
func (c Change) Matters() bool { return c.Known && math.Abs(c.Percent) >= noise }

// Raw is the change of the value itself in percent, whichever direction is better.
func (c Change) Raw() float64 {
	if c.After.Less {
		return -c.Percent
	}
	return c.Percent
}

// Changes says in a line what moved against an earlier result; empty when nothing did.
func Changes(earlier *Result, row *Row) string {
	var moved []string
	for _, c := range columns {
		if change := Compare(earlier, row, c.figure); change.Matters() {
			word := "worse"
			if change.Percent > 0 {
				word = "better"
			}
			moved = append(moved, fmt.Sprintf("%s %.0f %% %s (%s, was %s)", c.head, math.Abs(change.Percent), word, Number(change.After.Value), Number(change.Before.Value)))
		}
	}
	if len(moved) == 0 {
		return ""
	}
	return "against the earlier result: " + strings.Join(moved, ", ")
}
