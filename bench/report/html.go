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
	Variants []variantData
	Settings []string
	Good     bool
}

type variantData struct {
	Name, Load string
	Heads      []string
	Rows       []rowData
	Charts     []template.HTML
}

type rowData struct {
	Subject string
	Colour  template.CSS // of its curves; empty = it has none
	Good    bool
	Cells   []cellData
	Remarks []string
}

type cellData struct {
	Text   string
	Change string
	Better bool
}

// noise is the change in percent below which a figure counts as unchanged: repeated runs of one
// program on one machine differ by as much.
const noise = 10

func newPageData(r, earlier *Result) pageData {
	d := pageData{Result: r, Earlier: earlier, Good: true}
	for name, value := range r.Settings {
		d.Settings = append(d.Settings, name+" "+value)
	}
	slices.Sort(d.Settings)
	for _, row := range r.Rows {
		d.Good = d.Good && row.Good()
		if n := len(d.Variants); n == 0 || d.Variants[n-1].Name != row.Variant {
			d.Variants = append(d.Variants, variantData{Name: row.Variant, Load: row.Load})
		}
		v := &d.Variants[len(d.Variants)-1]
		v.Rows = append(v.Rows, newRowData(row, earlier))
	}
	for i := range d.Variants {
		v := &d.Variants[i]
		v.Heads = heads()
		rows := slices.DeleteFunc(slices.Clone(r.Rows), func(row *Row) bool { return row.Variant != v.Name || len(row.Series) < 2 })
		v.Charts = charts(rows)
		for j, row := range rows {
			for k := range v.Rows {
				if v.Rows[k].Subject == row.Subject {
					v.Rows[k].Colour = template.CSS(palette[j%len(palette)]) // a constant of ours
				}
			}
		}
	}
	return d
}

func heads() []string {
	var heads []string
	for _, c := range columns {
		heads = append(heads, c.head)
	}
	return heads
}

func newRowData(row *Row, earlier *Result) rowData {
	d := rowData{Subject: row.Subject, Good: row.Good(), Remarks: Remarks(row)}
	for _, c := range columns {
		cell := cellData{}
		if f, found := row.Figure(c.figure); found {
			cell.Text = Number(f.Value)
		}
		if change := Compare(earlier, row, c.figure); change.Known && (change.Percent >= noise || change.Percent <= -noise) {
			cell.Change, cell.Better = fmt.Sprintf("%+.0f %%, was %s", change.Percent, Number(change.Before.Value)), change.Percent > 0
		}
		d.Cells = append(d.Cells, cell)
	}
	return d
}
