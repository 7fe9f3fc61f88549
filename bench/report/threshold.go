package report

import (
	"fmt"
	"strconv"
	"strings"
)

// Threshold is a bound that a figure must keep: at least, or where less is better at most.
type Threshold struct {
	Variant, Subject, Figure string
	Bound                    float64
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
	t := Threshold{Variant: variant, Subject: "chatroom", Figure: figure, Bound: bound}
	if v, subject, named := strings.Cut(variant, ":"); named {
		t.Variant, t.Subject = v, subject
	}
	return t, nil
}

// Check gives an error when the figure does not keep the bound, or was not measured.
func (t Threshold) Check(r *Result) error {
	name := t.Variant + ":" + t.Subject + "." + t.Figure
	row := r.Find(t.Variant, t.Subject)
	if row == nil {
		return fmt.Errorf("report: threshold %s: there is no such row", name)
	}
	f, found := row.Figure(t.Figure)
	switch {
	case !found:
		return fmt.Errorf("report: threshold %s: the row has no such figure", name)
	case f.Less && f.Value > t.Bound:
		return fmt.Errorf("report: threshold %s: %.4g is above %.4g", name, f.Value, t.Bound)
	case !f.Less && f.Value < t.Bound:
		return fmt.Errorf("report: threshold %s: %.4g is below %.4g", name, f.Value, t.Bound)
	}
	return nil
}
