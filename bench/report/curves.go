package report

import (
	"html/template"
	"math"
	"strconv"
)

// charts draws what rows of one variant have: throughput and latency over time, latency by
// percentile, connections and operations when they change. colour gives each server its own.
func charts(rows []*Row, colour func(subject string) int) []template.HTML {
	var all []template.HTML
	var timed []*Row
	for _, row := range rows {
		if len(row.Series) > 1 {
			timed = append(timed, row)
		}
	}
	if len(timed) > 0 {
		all = append(all,
			timeline(timed, colour, "deliveries a second", func(p Point) float64 { return p.Deliveries }),
			latencyOverTime(timed, colour))
	}
	if c := byPercentile(rows, colour); c != "" {
		all = append(all, c)
	}
	if varies(timed, func(p Point) float64 { return float64(p.Connections) }) {
		all = append(all, timeline(timed, colour, "members in rooms", func(p Point) float64 { return float64(p.Connections) }))
	}
	if varies(timed, func(p Point) float64 { return p.Operations }) {
		all = append(all, timeline(timed, colour, "operations a second", func(p Point) float64 { return p.Operations }))
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

// timeline is a chart over the seconds of the run, from zero.
func timeline(rows []*Row, colour func(string) int, title string, value func(Point) float64) template.HTML {
	p := &plot{title: title}
	highest := 0.0
	for _, row := range rows {
		c := curve{name: row.Subject, colour: colour(row.Subject)}
		for _, point := range row.Series {
			c.x, c.y = append(c.x, point.Seconds), append(c.y, value(point))
			highest = max(highest, value(point))
		}
		p.curves = append(p.curves, c)
	}
	p.y, p.toY = linear(highest)
	p.seconds(rows)
	return p.draw()
}

// latencyOverTime shows the median and the 99th percentile of each interval.
func latencyOverTime(rows []*Row, colour func(string) int) template.HTML {
	p := &plot{title: "latency, ms: p50 solid, p99 dashed"}
	lowest, highest := math.Inf(1), 0.0
	for _, row := range rows {
		median := curve{name: row.Subject + " p50", colour: colour(row.Subject)}
		tail := curve{name: row.Subject + " p99", colour: colour(row.Subject), dashed: true}
		for _, point := range row.Series {
			median.x, median.y = append(median.x, point.Seconds), append(median.y, point.P50)
			tail.x, tail.y = append(tail.x, point.Seconds), append(tail.y, point.P99)
			if point.P50 > 0 { // only the measuring window is timed
				lowest, highest = min(lowest, point.P50), max(highest, point.P99)
			}
		}
		p.curves = append(p.curves, median, tail)
	}
	p.y, p.toY = decades(lowest, highest)
	p.seconds(rows)
	return p.draw()
}

// seconds lays out the time axis and shades the warm-up.
func (p *plot) seconds(rows []*Row) {
	longest := 1e-9
	for _, row := range rows {
		longest = max(longest, row.Series[len(row.Series)-1].Seconds)
		p.shaded = max(p.shaded, row.Setup.WarmUp)
	}
	p.shaded = min(p.shaded, longest)
	p.toX = func(v float64) float64 { return v / longest }
	step := niceCeiling(longest / 6)
	for i := 0; float64(i)*step <= longest*0.85; i++ {
		p.x = append(p.x, mark{float64(i) * step / longest, short(float64(i) * step)})
	}
	p.x = append(p.x, mark{1, Number(longest) + " s"})
}

// byPercentile is the shape of the latency: each mark to the right is ten times as rare.
func byPercentile(rows []*Row, colour func(string) int) template.HTML {
	p := &plot{title: "latency by percentile, ms"}
	lowest, highest, rarest := math.Inf(1), 0.0, 0.0
	for _, row := range rows {
		c := curve{name: row.Subject, colour: colour(row.Subject)}
		for _, q := range row.Spread {
			c.x, c.y = append(c.x, q.Percent), append(c.y, q.Millis)
			lowest, highest, rarest = min(lowest, q.Millis), max(highest, q.Millis), max(rarest, q.Percent)
		}
		if len(c.x) > 1 {
			p.curves = append(p.curves, c)
		}
	}
	if len(p.curves) == 0 {
		return ""
	}
	nines := func(percent float64) float64 { return -math.Log10(1 - percent/100) }
	widest := nines(rarest)
	p.toX = func(percent float64) float64 { return nines(percent) / widest }
	for _, percent := range []float64{50, 90, 99, 99.9, 99.99, 99.999} {
		if percent <= rarest {
			p.x = append(p.x, mark{p.toX(percent), "p" + strconv.FormatFloat(percent, 'f', -1, 64)})
		}
	}
	p.y, p.toY = decades(lowest, highest)
	return p.draw()
}
