package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// chart geometry in SVG units.
const (
	chartWidth, chartHeight  = 460, 190
	left, right, top, bottom = 56, 10, 26, 24
	plotWidth                = chartWidth - left - right
	plotHeight               = chartHeight - top - bottom
)

// palette tells servers apart; readable on white and on black, also for the colour-blind
// (Okabe and Ito's set without its yellow).
var palette = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c"}

type curve struct {
	name   string
	colour string
	dashed bool
	x, y   []float64
}

// charts draws what rows of one variant have: throughput, latency, connections when they change.
func charts(rows []*Row) []template.HTML {
	if len(rows) == 0 {
		return nil
	}
	pick := func(title, unit string, series ...func(Point) float64) template.HTML {
		var curves []curve
		for i, row := range rows {
			for j, value := range series {
				c := curve{name: row.Subject, colour: palette[i%len(palette)], dashed: j > 0}
				for _, p := range row.Series {
					if unit == "ms" && p.Max == 0 {
						continue // only the measuring window is timed
					}
					c.x, c.y = append(c.x, p.Seconds), append(c.y, value(p))
				}
				curves = append(curves, c)
			}
		}
		return draw(title, unit, curves)
	}
	all := []template.HTML{
		pick("deliveries", "/s", func(p Point) float64 { return p.Deliveries }),
		pick("latency: p50 solid, p99 dashed", "ms", func(p Point) float64 { return p.P50 }, func(p Point) float64 { return p.P99 }),
	}
	if varies(rows, func(p Point) float64 { return float64(p.Connections) }) {
		all = append(all, pick("members in rooms", "", func(p Point) float64 { return float64(p.Connections) }))
	}
	if varies(rows, func(p Point) float64 { return p.Operations }) {
		all = append(all, pick("operations", "/s", func(p Point) float64 { return p.Operations }))
	}
	return all
}

func varies(rows []*Row, value func(Point) float64) bool {
	for _, row := range rows {
		for _, p := range row.Series {
			if value(p) != value(row.Series[0]) {
				return true
			}
		}
	}
	return false
}

// draw makes one SVG with a linear scale from zero.
func draw(title, unit string, curves []curve) template.HTML {
	var xMax, yMax float64
	for _, c := range curves {
		for i := range c.x {
			xMax, yMax = max(xMax, c.x[i]), max(yMax, c.y[i])
		}
	}
	yMax = niceCeiling(yMax)
	xMax = max(xMax, 1e-9)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(title))
	fmt.Fprintf(&b, `<text x="%d" y="14" class="title">%s</text>`, left, template.HTMLEscapeString(title+" "+unit))
	for i := range 5 {
		y := top + plotHeight*float64(i)/4
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" class="grid"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, chartWidth-right, y, y, left-6, y+4, short(yMax*float64(4-i)/4))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">0</text><text x="%d" y="%d" text-anchor="end">%s s</text>`, left, chartHeight-6, chartWidth-right, chartHeight-6, Number(xMax))
	for i, c := range curves {
		dash := ""
		if c.dashed {
			dash = ` stroke-dasharray="4 3"`
		}
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="1.6"%s points="`, c.colour, dash)
		for j := range c.x {
			fmt.Fprintf(&b, "%.1f,%.1f ", left+c.x[j]/xMax*plotWidth, top+plotHeight*(1-c.y[j]/yMax))
		}
		fmt.Fprintf(&b, `"><title>%s</title></polyline>`, template.HTMLEscapeString(curves[i].name))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // built above from numbers and escaped names
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
