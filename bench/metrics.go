package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"chatroom/bench/report"
)

// What is read of a node's own metrics.
const (
	metricRooms = "chatroom_rooms"
	metricSplit = "chatroom_rooms_split"
	metricBuild = "chatroom_build_info"
)

// ask takes from the server's own metrics what the load can't see: its version, and which share of
// the rooms has members on several event loops. Of a server that publishes none of it nothing is
// said.
func (p *play) ask(ctx context.Context) error {
	if p.s.splits && p.instance.oneLoop {
		p.row.AddLess(report.Split, 0, "")
	}
	if len(p.instance.metrics) == 0 {
		return nil
	}
	var rooms, split float64
	for _, url := range p.instance.metrics {
		values, version, err := scrape(ctx, url)
		if err != nil {
			return err
		}
		p.row.Server = version
		rooms, split = rooms+values[metricRooms], split+values[metricSplit]
	}
	if p.s.splits && rooms > 0 {
		p.row.AddLess(report.Split, split/rooms, "")
	}
	return nil
}

// scrapeTime bounds one look at the metrics.
const scrapeTime = 10 * time.Second

func scrape(ctx context.Context, url string) (values map[string]float64, version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, "", fmt.Errorf("chatroom-bench: metrics: %w", err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", fmt.Errorf("chatroom-bench: metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("chatroom-bench: metrics: %s answers %s", url, response.Status)
	}
	values, version = readMetrics(response.Body)
	return values, version, nil
}

// readMetrics reads the Prometheus text format as far as it is needed here: series without labels,
// and the version in the labels of the build.
func readMetrics(r io.Reader) (values map[string]float64, version string) {
	values = map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if labels, found := strings.CutPrefix(line, metricBuild+"{"); found {
			// A comma in front of the first label too: go_version ends in the same word.
			_, after, _ := strings.Cut(","+labels, `,version="`)
			version, _, _ = strings.Cut(after, `"`)
			continue
		}
		name, text, found := strings.Cut(line, " ")
		if v, err := strconv.ParseFloat(text, 64); found && err == nil {
			values[name] = v
		}
	}
	return values, version
}
