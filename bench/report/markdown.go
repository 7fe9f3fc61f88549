package report

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// SaveMarkdown writes the tables as Markdown, one for each load, with the columns that it fills:
// for documents that quote a run.
func SaveMarkdown(path string, r *Result) error {
	var b strings.Builder
	for rows := r.Rows; len(rows) > 0; {
		n := 1
		for n < len(rows) && rows[n].Variant == rows[0].Variant {
			n++
		}
		markdownBlock(&b, rows[:n])
		rows = rows[n:]
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("report: markdown: %w", err)
	}
	return nil
}

func markdownBlock(b *strings.Builder, rows []*Row) {
	fmt.Fprintf(b, "### %s\n\n%s.\n\n| server |", rows[0].Variant, strings.ToUpper(rows[0].Load[:1])+rows[0].Load[1:])
	rule := "|---|"
	var filled []string
	for _, c := range columns {
		if slices.ContainsFunc(rows, func(r *Row) bool { _, found := r.Figure(c.figure); return found }) {
			filled = append(filled, c.figure)
			fmt.Fprintf(b, " %s |", c.head)
			rule += "---:|"
		}
	}
	fmt.Fprintf(b, " faults |\n%s---:|\n", rule)
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |", row.Subject)
		for _, name := range filled {
			text := ""
			if f, found := row.Figure(name); found {
				text = Number(f.Value)
			}
			fmt.Fprintf(b, " %s |", text)
		}
		fmt.Fprintf(b, " %d |\n", row.Faults.Total())
	}
	b.WriteByte('\n')
}
