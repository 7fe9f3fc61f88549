package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// columns are the figures that stand side by side in the tables; what else a row has follows as
// its own lines.
var columns = []struct{ figure, head string }{
	{Throughput, "deliveries/s"}, {ConnectRate, "connects/s"}, {P50, "p50 ms"}, {P99, "p99 ms"}, {P999, "p99.9 ms"},
	{CPUCost, "CPU-s/M"}, {Resident, "RSS MB"}, {PerConn, "B/conn"}, {Share, "of limit"},
}

// WriteTable prints the rows as aligned text, one block per variant, what else they have to say
// below it.
func WriteTable(out io.Writer, rows []*Row) error {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Variant == rows[0].Variant {
			n++
		}
		if err := writeBlock(out, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func writeBlock(out io.Writer, rows []*Row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(out, "\n%s: %s\n", rows[0].Variant, rows[0].Load)
	_, _ = fmt.Fprint(w, "server\t")
	for _, c := range columns {
		_, _ = fmt.Fprintf(w, "%s\t", c.head)
	}
	_, _ = fmt.Fprintln(w, "faults\t")
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(cells(row), "\t")+"\t")
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, row := range rows {
		for _, line := range Remarks(row) {
			_, _ = fmt.Fprintf(out, "  %s: %s\n", row.Subject, line)
		}
	}
	return nil
}

func cells(row *Row) []string {
	cells := []string{row.Subject}
	for _, c := range columns {
		f, found := row.Figure(c.figure)
		if !found {
			cells = append(cells, "·")
			continue
		}
		cells = append(cells, Number(f.Value))
	}
	return append(cells, strconv.FormatUint(row.Faults.Total(), 10))
}

// Remarks are what a row has to say besides its columns.
func Remarks(row *Row) []string {
	var lines []string
	var more []string
	for _, f := range row.Figures {
		shown := false
		for _, c := range columns {
			shown = shown || c.figure == f.Name
		}
		if !shown {
			more = append(more, strings.TrimSpace(f.Name+" "+Number(f.Value)+" "+f.Unit))
		}
	}
	if len(more) > 0 {
		lines = append(lines, strings.Join(more, ", "))
	}
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
