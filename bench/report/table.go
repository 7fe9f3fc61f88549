package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// column is a figure that stands beside others in the tables.
type column struct{ figure, head string }

var columns = []column{
	{Throughput, "deliveries/s"}, {ConnectRate, "connects/s"}, {P50, "p50 ms"}, {P99, "p99 ms"}, {P999, "p99.9 ms"},
	{CPUCost, "CPU-s/M"}, {Resident, "RSS MB"}, {PerConn, "B/conn"}, {Split, "split over loops"}, {Share, "of limit"},
}

// columnsOf are the columns that rows of one variant fill. What else a row has follows as its own
// lines.
func columnsOf(rows []*Row) []column {
	var filled []column
	for _, c := range columns {
		if slices.ContainsFunc(rows, func(r *Row) bool { _, found := r.Figure(c.figure); return found }) {
			filled = append(filled, c)
		}
	}
	return filled
}

// cell is a figure of a row as text; "-" = not known.
func (c column) cell(row *Row) string {
	if f, found := row.Figure(c.figure); found {
		return Number(f.Value)
	}
	return "-"
}

// blocks divides rows by their variant; those of one stand together.
func blocks(rows []*Row) (all [][]*Row) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Variant == rows[0].Variant {
			n++
		}
		all, rows = append(all, rows[:n]), rows[n:]
	}
	return all
}

// WriteTable prints the rows as aligned text, one block per variant, what else they have to say
// below it. earlier may be nil.
func WriteTable(out io.Writer, rows []*Row, earlier *Result) error {
	for _, block := range blocks(rows) {
		if err := writeBlock(out, block, earlier); err != nil {
			return err
		}
	}
	return nil
}

func writeBlock(out io.Writer, rows []*Row, earlier *Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(out, "\n%s: %s\n", rows[0].Variant, rows[0].Load)
	filled := columnsOf(rows)
	_, _ = fmt.Fprint(w, "server\t")
	for _, c := range filled {
		_, _ = fmt.Fprintf(w, "%s\t", c.head)
	}
	_, _ = fmt.Fprintln(w, "faults\t")
	for _, row := range rows {
		_, _ = fmt.Fprintf(w, "%s\t", row.Subject)
		for _, c := range filled {
			_, _ = fmt.Fprintf(w, "%s\t", c.cell(row))
		}
		_, _ = fmt.Fprintf(w, "%d\t\n", row.Faults.Total())
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, row := range rows {
		lines := Remarks(row)
		if changes := Changes(earlier, row); changes != "" {
			lines = append(lines, changes)
		}
		for _, line := range lines {
			_, _ = fmt.Fprintf(out, "  %s: %s\n", row.Subject, line)
		}
	}
	return nil
}

// Remarks are what a row has to say besides its columns.
func Remarks(row *Row) []string {
	if figures := more(row); figures != "" {
		return append([]string{figures}, Warnings(row)...)
	}
	return Warnings(row)
}

// more are the figures without a column, in a line.
func more(row *Row) string {
	var all []string
	for _, f := range row.Figures {
		if !slices.ContainsFunc(columns, func(c column) bool { return c.figure == f.Name }) {
			all = append(all, strings.TrimSpace(f.Name+" "+Number(f.Value)+" "+f.Unit))
		}
	}
	return strings.Join(all, ", ")
}

// Warnings are what must be known of a row before its figures are believed.
func Warnings(row *Row) []string {
	var lines []string
	if row.Saturated {
		lines = append(lines, "GENERATOR SATURATED: the load program had no CPU left, the server may be faster than this")
	}
	if row.Limited {
		lines = append(lines, "GENERATOR SATURATED: the server's own limits refused load (429, 503, RATE_LIMITED or CAPACITY); switch them off")
	}
	if row.Note != "" {
		lines = append(lines, row.Note)
	}
	if row.Failed != "" {
		lines = append(lines, "FAILED: "+row.Failed)
	}
	if f := row.Faults; f.Any() {
		lines = append(lines, fmt.Sprintf("FAULTS: lost %d, duplicated %d, reordered %d, invented %d, unanswered %d, disconnected %d, refused %d, unrecovered %d",
			f.Lost, f.Duplicated, f.Reordered, f.Invented, f.Unanswered, f.Disconnected, f.Refused, f.Unrecovered))
		lines = append(lines, f.Notes...)
	}
	return lines
}

// Number prints a value with three or four digits that mean something.
func Number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 1000 || v <= -1000:
		return thousands(int64(math.Round(v)))
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10 || v <= -10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && c != '-' && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
