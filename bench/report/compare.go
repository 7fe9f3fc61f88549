package report

import "math"

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
	if old == nil {
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
