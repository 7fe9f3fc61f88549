package report

import (
	"fmt"
	"strconv"
	"strings"
)

// Threshold is a bound that a figure must keep: at least, or where less is better at most.
type Threshold struct {
	Name  string // as it was given; where servers' and figures' names hold dots, only the rows can tell them apart
	Bound float64
}

// ParseThreshold reads "variant.figure=value", or "variant:subject.figure=value" for another
// server than chatroom.
func ParseThreshold(text string) (Threshold, error) {
	name, value, found := strings.Cut(text, "=")
	variant, figure, dotted := strings.Cut(name, ".")
	bound, err := strconv.ParseFloat(value, 64)
	if !found || !dotted || variant == "" || figure == "" || err != nil {
		return Threshold{}, fmt.Errorf("report: threshold %q: want variant.figure=value, such as fanout-1000.share_of_limit=0.5", text)
	}
	return Threshold{Name: name, Bound: bound}, nil
}

// Check gives an error when the figure does not keep the bound, or was not measured.
func (t Threshold) Check(r *Result) error {
	f, found := t.figure(r)
	switch {
	case !found:
		return fmt.Errorf("report: threshold %s: no such figure was measured", t.Name)
	case f.Less && f.Value > t.Bound:
		return fmt.Errorf("report: threshold %s: %.4g is above %.4g", t.Name, f.Value, t.Bound)
	case !f.Less && f.Value < t.Bound:
		return fmt.Errorf("report: threshold %s: %.4g is below %.4g", t.Name, f.Value, t.Bound)
	}
	return nil
}

func (t Threshold) figure(r *Result) (f Figure, found bool) {
	for _, row := range r.Rows {
		name, mine := strings.CutPrefix(t.Name, row.Variant+":"+row.Subject+".")
		if !mine && row.Subject == "chatroom" {
			name, mine = strings.CutPrefix(t.Name, row.Variant+".")
		}
		if !mine {
			continue
		}
		if f, found = row.Figure(name); found {
			return f, true
		}
	}
	return Figure{}, false
}
