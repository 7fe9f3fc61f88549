package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/term"

	"chatroom/bench/machine"
	"chatroom/bench/report"
)

// bench runs everything that was asked for and reports it.
func bench(ctx context.Context, o *options, stdout *os.File, stderr io.Writer) error {
	if o.list {
		for _, s := range scenarios {
			_, _ = fmt.Fprintf(stdout, "%-9s %s\n", s.name, s.about)
		}
		return nil
	}
	var earlier *report.Result
	if o.earlier != "" {
		var err error
		if earlier, err = report.Load(o.earlier); err != nil {
			return err
		}
	}
	all, err := o.everyone()
	if err != nil {
		return err
	}
	result := &report.Result{At: time.Now(), Machine: machine.Describe(), Settings: o.settings(), Skipped: map[string]string{}}
	shapes := o.chosen()
	runs := 0
	for _, s := range shapes {
		if o.unfit(s) != "" {
			continue
		}
		runs += len(o.takers(s, all)) * o.repeat
	}
	visible := !o.quiet && term.IsTerminal(int(os.Stderr.Fd()))
	show := newProgress(stderr, runs, visible)
	for _, s := range shapes {
		if why := o.unfit(s); why != "" {
			result.Skipped[s.variant] = why
			continue
		}
		if err := o.runShape(ctx, s, all, result, show); err != nil {
			show.finish()
			return errors.Join(err, o.save(result, earlier))
		}
		if !visible && !o.quiet {
			_, _ = fmt.Fprintf(stderr, "%s done\n", s.variant)
		}
	}
	show.finish()
	_, _ = fmt.Fprintf(stdout, "%d × %s, Linux %s, %s, commit %s\n", result.Machine.CPUs, result.Machine.CPU, result.Machine.Kernel, result.Machine.Go, result.Machine.Commit)
	err = report.WriteTable(stdout, result.Rows, earlier)
	for name, why := range result.Skipped {
		_, _ = fmt.Fprintf(stdout, "\n%s did not run: %s\n", name, why)
	}
	return errors.Join(err, o.save(result, earlier), o.verdict(result))
}

// unfit says why a running server can't take a load; empty = it can.
func (o *options) unfit(s shape) string {
	if n := len(o.urls); n > 0 && n < s.nodes {
		return fmt.Sprintf("it needs %d nodes, --url names %d", s.nodes, n)
	}
	return ""
}

// runShape lets every server take the load, in turn when repeated, and adds the median rows.
func (o *options) runShape(ctx context.Context, s shape, all []subject, result *report.Result, show *progress) error {
	takers := o.takers(s, all)
	rows := make([][]*report.Row, len(takers))
	for range o.repeat {
		for i, subject := range takers {
			p := &play{o: o, s: s.on(subject), subject: subject, show: show, files: result.Machine.Files}
			row, err := p.run(ctx)
			if errors.Is(err, errMissing) {
				result.Skipped[s.variant] = err.Error()
				return nil
			}
			if err != nil {
				return err
			}
			rows[i] = append(rows[i], row)
			show.done()
		}
	}
	var limit *report.Row
	for i, subject := range takers {
		row := median(rows[i], s.key)
		row.Scenario, row.Variant, row.Key = s.scenario, s.variant, s.key
		result.Rows = append(result.Rows, row)
		if len(s.references) > 0 && subject.name == s.references[0] {
			limit = row
		}
	}
	mine := result.Rows[len(result.Rows)-len(takers):]
	if limit != nil {
		for _, row := range mine {
			addShare(row, limit, s)
		}
	}
	for i, subject := range takers {
		if subject.peer && takers[0].name == chatroomName {
			addOver(mine[0], mine[i], s.key)
		}
	}
	return nil
}

// on is the load as this server takes it: the limit is one process and knows only rooms and
// messages. A peer that takes a load at all takes it as it is.
func (s shape) on(subject subject) shape {
	if slices.Contains(s.references, subject.name) && s.plain != nil {
		return s.plain(s)
	}
	return s
}

// addOver says how many times the peer's key figure a row reached, so that a threshold can ask
// for it: fanout-1000.over_gws=2.6.
func addOver(row, peer *report.Row, key string) {
	mine, ok1 := row.Figure(key)
	its, ok2 := peer.Figure(key)
	if !ok1 || !ok2 || mine.Value <= 0 || its.Value <= 0 || row.Failed != "" || peer.Failed != "" {
		return
	}
	over := mine.Value / its.Value
	if mine.Less {
		over = 1 / over
	}
	row.Add("over_"+peer.Subject, over, "×")
}

// addShare sets a row beside the limit's: the share, and how much longer messages took. On a
// schedule that is a difference; in a closed loop, where latency is queueing, a ratio.
func addShare(row, limit *report.Row, s shape) {
	if row == limit || row.Failed != "" || limit.Failed != "" {
		return
	}
	row.AddShare(limit, s.key)
	if s.key == report.Throughput {
		mine, ok1 := row.Figure(report.CPUCost)
		its, ok2 := limit.Figure(report.CPUCost)
		if ok1 && ok2 && its.Value > 0 {
			row.AddLess("cpu_over_limit", mine.Value/its.Value, "×")
		}
	}
	for _, name := range []string{report.P50, report.P99} {
		mine, ok1 := row.Figure(name)
		its, ok2 := limit.Figure(name)
		switch {
		case !ok1 || !ok2 || s.noTraffic:
		case s.rate > 0:
			row.AddLess(name[:3]+"_above_limit_ms", mine.Value-its.Value, "ms")
		case its.Value > 0:
			row.AddLess(name[:3]+"_over_limit", mine.Value/its.Value, "×")
		}
	}
}

// median picks the run in the middle by its key figure; a failed one counts before all others, so
// that it can't hide.
func median(rows []*report.Row, key string) *report.Row {
	sorted := slices.Clone(rows)
	value := func(r *report.Row) float64 {
		f, _ := r.Figure(key)
		return f.Value
	}
	slices.SortStableFunc(sorted, func(a, b *report.Row) int {
		switch {
		case value(a) < value(b):
			return -1
		case value(a) > value(b):
			return 1
		}
		return 0
	})
	chosen := sorted[len(sorted)/2]
	for _, row := range rows {
		if !row.Good() {
			chosen = row
			break
		}
	}
	chosen.Repeat = len(rows)
	return chosen
}

// takers are the servers that take this load: ours, the references, and the peers.
func (o *options) takers(s shape, all []subject) []subject {
	var takers []subject
	for _, subject := range all {
		reference := slices.Contains(s.references, subject.name)
		peer := subject.peer && s.forPeers()
		if !o.only(subject.name) || subject.name != chatroomName && !reference && !peer {
			continue
		}
		if peer && s.nodes > 0 && !subject.cluster {
			continue
		}
		takers = append(takers, subject)
	}
	return takers
}

// forPeers says whether the load is one that a mere broadcaster can take.
func (s shape) forPeers() bool {
	return len(s.ops) == 0 && len(s.moments) == 0 && !s.resume && len(s.references) > 0
}

func (o *options) settings() map[string]string {
	settings := map[string]string{
		"length": o.length, "repeat": strconv.Itoa(o.repeat), "seed": strconv.FormatUint(o.seed, 10), "patience": o.patience.String(),
	}
	for name, value := range o.given {
		switch name {
		case "redis": // its URL may hold a password
		case "json", "html", "markdown", "compare", "quiet": // say nothing of the load
		default:
			settings[name] = value
		}
	}
	return settings
}

func (o *options) save(result, earlier *report.Result) error {
	var err1, err2, err3 error
	if o.json != "" {
		err1 = result.Save(o.json)
	}
	if o.html != "" {
		err2 = report.SaveHTML(o.html, result, earlier)
	}
	if o.markdown != "" {
		err3 = report.SaveMarkdown(o.markdown, result)
	}
	return errors.Join(err1, err2, err3)
}

// verdict is an error when anything went wrong or a threshold was not kept.
func (o *options) verdict(result *report.Result) error {
	var faults []error
	for _, row := range result.Rows {
		if !row.Good() {
			faults = append(faults, fmt.Errorf("chatroom-bench: %s on %s is not good: %d faults %s", row.Variant, row.Subject, row.Faults.Total(), row.Failed))
		}
	}
	for _, t := range o.thresholds {
		faults = append(faults, t.Check(result))
	}
	if len(o.scenarios) > 0 {
		for name, why := range result.Skipped {
			faults = append(faults, fmt.Errorf("chatroom-bench: %s did not run: %s", name, why))
		}
	}
	return errors.Join(faults...)
}
