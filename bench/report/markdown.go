package report

import (
	"fmt"
	"os"
	"strings"
)

// SaveMarkdown writes the tables as Markdown, one for each load, with the columns that it fills:
// for documents that quote a run.
func SaveMarkdown(path string, r *Result) error {
	var b strings.Builder
	for _, block := range blocks(r.Rows) {
		markdownBlock(&b, block)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("report: markdown: %w", err)
	}
	return nil
}

func markdownBlock(b *strings.Builder, rows []*Row) {
	fmt.Fprintf(b, "### %s\n\n%s.\n\n| server |", rows[0].Variant, strings.ToUpper(rows[0].Load[:1])+rows[0].Load[1:])
	rule := "|---|"
	filled := columnsOf(rows)
	for _, c := range filled {
		fmt.Fprintf(b, " %s |", c.head)
		rule += "---:|"
	}
	fmt.Fprintf(b, " faults |\n%s---:|\n", rule)
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |", row.Subject)
		for _, c := range filled {
			fmt.Fprintf(b, " %s |", c.cell(row))
		}
		fmt.Fprintf(b, " %d |\n", row.Faults.Total())
	}
	b.WriteByte('\n')
	warned := false
	for _, row := range rows {
		for _, line := range Warnings(row) {
			warned = true
			fmt.Fprintf(b, "- %s: %s\n", row.Subject, line)
		}
	}
	if warned {
		b.WriteByte('\n')
	}
}
