package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// The geometry of a chart in SVG units.
const (
	chartWidth, chartHeight  = 420, 215
	left, right, top, bottom = 54, 12, 30, 26
	plotWidth                = chartWidth - left - right
	plotHeight               = chartHeight - top - bottom
)

// colours is how many the page's style sheet has; each server keeps one on the whole page.
const colours = 8

type curve struct {
	name   string
	colour int
	dashed bool
	x, y   []float64
}

// mark is a place on an axis: where in the plot (0 to 1) and what stands there.
type mark struct {
	at   float64
	text string
}

// plot is a chart whose axes are laid out.
type plot struct {
	title  string
	x, y   []mark
	toX    func(float64) float64 // value to place; NaN = not in the plot
	toY    func(float64) float64
	shaded float64 // from the left edge up to this x the figures do not count; 0 = none
	curves []curve
}

// draw makes one SVG.
func (p *plot) draw() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(p.title))
	fmt.Fprintf(&b, `<text x="%d" y="16" class="title">%s</text>`, left, template.HTMLEscapeString(p.title))
	if p.shaded > 0 {
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" class="shade"><title>warm-up</title></rect>`, left, top, p.toX(p.shaded)*plotWidth, plotHeight)
	}
	for _, m := range p.y {
		y := top + plotHeight*(1-m.at)
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" class="grid"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, chartWidth-right, y, y, left-7, y+3.5, template.HTMLEscapeString(m.text))
	}
	for _, m := range p.x {
		x := left + plotWidth*m.at
		anchor := "middle"
		if m.at > 0.98 {
			anchor = "end"
		}
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" class="grid"/><text x="%.1f" y="%d" text-anchor="%s">%s</text>`,
			x, x, top+plotHeight, top+plotHeight+4, x, chartHeight-8, anchor, template.HTMLEscapeString(m.text))
	}
	for i := range p.curves {
		p.line(&b, &p.curves[i])
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // built above from numbers and escaped names
}

// line draws a curve, in pieces where it leaves the plot.
func (p *plot) line(b *strings.Builder, c *curve) {
	var points []string
	flush := func() {
		if len(points) > 0 {
			dash := ""
			if c.dashed {
				dash = " dashed"
			}
			fmt.Fprintf(b, `<polyline class="line c%d%s" points="%s"><title>%s</title></polyline>`, c.colour, dash, strings.Join(points, " "), template.HTMLEscapeString(c.name))
		}
		points = points[:0]
	}
	for i := range c.x {
		x, y := p.toX(c.x[i]), p.toY(c.y[i])
		if math.IsNaN(x) || math.IsNaN(y) {
			flush()
			continue
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", left+x*plotWidth, top+plotHeight*(1-y)))
	}
	flush()
}

// linear lays out an axis from zero to a round number above highest.
func linear(highest float64) (marks []mark, place func(float64) float64) {
	step := niceCeiling(highest / 4)
	n := max(1, math.Ceil(highest/step))
	for i := 0.0; i <= n; i++ {
		marks = append(marks, mark{i / n, short(step * i)})
	}
	return marks, func(v float64) float64 { return v / (step * n) }
}

// decades lays out a logarithmic axis from a power of ten below lowest to one above highest: what
// takes a hundred times as long must not press the rest onto the ground.
func decades(lowest, highest float64) (marks []mark, place func(float64) float64) {
	if !(lowest > 0) || !(highest > 0) {
		lowest, highest = 1, 10
	}
	from, to := math.Floor(math.Log10(lowest)), math.Ceil(math.Log10(highest))
	if to <= from {
		to = from + 1
	}
	for exponent := from; exponent <= to; exponent++ {
		text := strconv.FormatFloat(math.Pow(10, exponent), 'f', -1, 64)
		marks = append(marks, mark{(exponent - from) / (to - from), text})
	}
	return marks, func(v float64) float64 {
		if v <= 0 {
			return math.NaN()
		}
		return min(1, max(0, (math.Log10(v)-from)/(to-from)))
	}
}

// short prints a number of an axis.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + " M"
	case v >= 1e3:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + " k"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// niceCeiling rounds up to 1, 2, 2.5 or 5 times a power of ten.
func niceCeiling(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 2.5, 5, 10} {
		if v <= step*power {
			return step * power
		}
	}
	return 10 * power
}
