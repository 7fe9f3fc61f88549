package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed page.html.tmpl
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// SaveHTML writes a page that needs nothing else: no script, no font, no network. earlier may be
// nil.
func SaveHTML(path string, r, earlier *Result) error {
	var b strings.Builder
	if err := page.Execute(&b, newPageData(r, earlier)); err != nil {
		return fmt.Errorf("report: page: %w", err)
	}
	if err := os.WriteFile(filepath.Clean(path), []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("report: page: %w", err)
	}
	return nil
}

type pageData struct {
	Result   *Result
	Earlier  *Result
	Moved    bool // the earlier result is from another machine
	Variants []variantData
	Settings []string
	Broken   []string // rows that are not good
	Checked  string   // deliveries
	Memory   string   // of the machine, MB
	Colours  []int
}

type variantData struct {
	Name, Load string
	Heads      []string
	Rows       []rowData
	Charts     []template.HTML
	Glance     *glance
}

// glance is a load in one line of the overview.
type glance struct {
	Figure, Head string
	Share        string
	Width        int // of the bar, percent
}

type rowData struct {
	Subject  string
	Server   string // its version
	Colour   int
	Good     bool
	Cells    []cellData
	Faults   uint64
	More     string   // the figures that have no column
	Warnings []string // what must be known before the figures are believed
}

type cellData struct {
	Text   string
	Change string
	Better bool
}

func newPageData(r, earlier *Result) pageData {
	d := pageData{Result: r, Earlier: earlier, Colours: make([]int, colours), Memory: Number(float64(r.Machine.MemoryMB))}
	for i := range d.Colours {
		d.Colours[i] = i
	}
	d.Moved = earlier != nil && (earlier.Machine.CPU != r.Machine.CPU || earlier.Machine.CPUs != r.Machine.CPUs)
	for name, value := range r.Settings {
		d.Settings = append(d.Settings, name+" "+value)
	}
	slices.Sort(d.Settings)
	palette := palette{}
	var checked uint64
	for _, block := range blocks(r.Rows) {
		v := variantData{Name: block[0].Variant, Load: block[0].Load, Glance: newGlance(block)}
		filled := columnsOf(block)
		for _, c := range filled {
			v.Heads = append(v.Heads, c.head)
		}
		for _, row := range block {
			checked += row.Checked
			if !row.Good() {
				d.Broken = append(d.Broken, row.Variant+" on "+row.Subject)
			}
			v.Rows = append(v.Rows, newRowData(row, filled, earlier, palette.of(row.Subject)))
		}
		v.Charts = charts(block, palette.of)
		d.Variants = append(d.Variants, v)
	}
	d.Checked = Number(float64(checked))
	return d
}

// palette gives each server one colour for the whole page, in the order in which they come.
type palette map[string]int

func (p palette) of(subject string) int {
	if _, known := p[subject]; !known {
		p[subject] = len(p) % colours
	}
	return p[subject]
}

// newGlance is what the server reached of its key figure, beside the limit.
func newGlance(block []*Row) *glance {
	row := block[0]
	f, found := row.Figure(row.Key)
	if !found {
		return nil
	}
	g := &glance{Figure: Number(f.Value), Head: row.Key}
	for _, c := range columns {
		if c.figure == row.Key {
			g.Head = c.head
		}
	}
	if share, found := row.Figure(Share); found {
		g.Share, g.Width = Number(share.Value), int(100*min(1, share.Value))
	}
	return g
}

func newRowData(row *Row, filled []column, earlier *Result, colour int) rowData {
	d := rowData{Subject: row.Subject, Server: row.Server, Colour: colour, Good: row.Good(), Faults: row.Faults.Total(), Warnings: Warnings(row), More: more(row)}
	for _, c := range filled {
		cell := cellData{Text: c.cell(row)}
		if change := Compare(earlier, row, c.figure); change.Matters() {
			cell.Change, cell.Better = fmt.Sprintf("%+.0f %%, was %s", change.Raw(), Number(change.Before.Value)), change.Percent > 0
		}
		d.Cells = append(d.Cells, cell)
	}
	return d
}
