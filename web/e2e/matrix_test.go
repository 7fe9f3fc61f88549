package e2e

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// aboutAmounts are flows that say nothing about looks: the matrix leaves them out.
var aboutAmounts = []string{"flood", "scroll-back"}

// combination is one way to look at the page.
type combination struct {
	language, theme string
	width           int
}

func (c combination) String() string { return fmt.Sprintf("%s-%s-%d", c.language, c.theme, c.width) }

func combinations() []combination {
	var all []combination
	for _, language := range []string{"en", "de", "es", "fr", "ar"} {
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int{390, 1200, 2560} {
				all = append(all, combination{language, theme, width})
			}
		}
	}
	return all
}

// TestMatrix plays every flow in every language, theme and at three widths; BROWSERS=all asks for it,
// and -run 'Matrix/ar-dark-390' for one of them. A failure does not end it: what failed where is said
// at the end.
func TestMatrix(t *testing.T) {
	if os.Getenv("BROWSERS") != "all" {
		t.Log("the matrix is played by make test-browser-all")
		return
	}
	install(t)
	binary := build(t)
	flows := matrixFlows(t)
	all := combinations()
	failed := map[string][]combination{}
	played := 0
	began := time.Now()
	for i, c := range all {
		t.Run(c.String(), func(t *testing.T) {
			t.Logf("combination %d of %d, %s after the first", i+1, len(all), time.Since(began).Round(time.Second))
			played++
			for _, flow := range c.play(t, binary, flows) {
				failed[flow] = append(failed[flow], c)
			}
		})
	}
	t.Logf("%d of %d combinations in %s", played, len(all), time.Since(began).Round(time.Second))
	for _, flow := range slices.Sorted(maps.Keys(failed)) {
		t.Errorf("%s failed in %d: %v", flow, len(failed[flow]), failed[flow])
	}
}

// play plays the flows in one combination and returns those that failed.
func (c combination) play(t *testing.T, binary string, flows []string) []string {
	t.Helper()
	s := settings{
		Binary:   binary,
		Flows:    flows,
		Pictures: os.Getenv("PICTURES"),
		Force:    map[string]any{"language": c.language, "theme": c.theme, "width": c.width},
	}
	var failed []string
	err := report(t, 20*time.Minute, environment(t, s), web, func(line string) {
		t.Log(line)
		if rest, ok := strings.CutPrefix(line, "FAIL "); ok {
			flow, _, _ := strings.Cut(rest, " ")
			failed = append(failed, flow)
		}
	}, "node", "e2e/run.mjs")
	if err != nil {
		t.Errorf("%s: %v", c, err)
		if len(failed) == 0 {
			failed = []string{"(the browser or its driver)"}
		}
	}
	return failed
}

// matrixFlows lists the flows that are about looks and words.
func matrixFlows(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("flows")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		name, isFlow := strings.CutSuffix(entry.Name(), ".mjs")
		if isFlow && !slices.Contains(aboutAmounts, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatal("there are no flows")
	}
	return names
}
