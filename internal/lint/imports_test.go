package lint

import (
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of ours a package may import, outside of tests. A name ending in "/..." stands
// for everything below it. Packages that are not named here are no part of the server: they may
// import what they like, and no package named here may import them.
var allowed = map[string][]string{
	".":               {"internal/config", "internal/node"},
	"internal/node":   {"admin", "cluster", "engine", "engine/room", "wsproto", "web", "internal/chat", "internal/config"},
	"engine":          {"engine/room", "wsproto", "internal/chat"},
	"engine/room":     {},
	"cluster":         {"internal/chat"},
	"admin":           {"internal/chat"},
	"wsproto":         {},
	"wsproto/echo":    {"wsproto"},
	"web":             {},
	"internal/chat":   {},
	"internal/config": {"internal/chat"},
	"bench/...":       {"bench/...", "wsproto", "internal/chat"},
}

func matches(pattern, rel string) bool {
	below, ok := strings.CutSuffix(pattern, "/...")
	return rel == pattern || ok && (rel == below || strings.HasPrefix(rel, below+"/"))
}

// rule finds what a package may import.
func rule(rel string) (may []string, ok bool) {
	for pattern, may := range allowed {
		if matches(pattern, rel) {
			return may, true
		}
	}
	return nil, false
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		may, ok := rule(p.rel())
		if !ok {
			continue
		}
		for _, path := range p.Imports {
			ours, isOurs := strings.CutPrefix(path, module+"/")
			if !isOurs {
				continue
			}
			if !slices.ContainsFunc(may, func(pattern string) bool { return matches(pattern, ours) }) {
				t.Errorf("%s imports %s", p.rel(), ours)
			}
		}
	}
}

// libraries says who may import a third-party module outside of tests.
var libraries = map[string][]string{
	"github.com/panjf2000/gnet":           {"engine", "bench/...", "wsproto/echo"},
	"github.com/gobwas/ws":                {"wsproto"},
	"github.com/redis/rueidis":            {"cluster"},
	"github.com/valyala/fasthttp":         {"admin"},
	"github.com/golang-jwt/jwt":           {"admin"},
	"github.com/prometheus/client_golang": {"admin"},
	"github.com/spf13/pflag":              {"internal/config"},
	"github.com/puzpuzpuz/xsync":          {"engine/room"},
}

// library is the module that an import belongs to, without its major version; empty for the standard
// library, what the Go project itself keeps beside it, and us.
func library(path string) string {
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") || first == "golang.org" || first == module {
		return ""
	}
	parts := strings.Split(path, "/")
	return strings.Join(parts[:min(3, len(parts))], "/")
}

func TestEachLibraryHasOneImporter(t *testing.T) {
	importers := map[string][]string{}
	for _, p := range packages(t) {
		seen := map[string]bool{}
		for _, path := range p.Imports {
			if lib := library(path); lib != "" && !seen[lib] {
				seen[lib] = true
				importers[lib] = append(importers[lib], p.rel())
			}
		}
	}
	for lib, by := range importers {
		may, named := libraries[lib]
		var houses []string
		for _, rel := range by {
			if named && !slices.ContainsFunc(may, func(pattern string) bool { return matches(pattern, rel) }) {
				t.Errorf("%s is imported by %s, and may be by %v", lib, rel, may)
			}
			house, _, _ := strings.Cut(rel, "/")
			if house == "internal" {
				house = rel
			}
			if !slices.Contains(houses, house) {
				houses = append(houses, house)
			}
		}
		if !named && len(houses) > 1 {
			t.Errorf("%s is imported by %v: one package of ours should know it", lib, by)
		}
	}
}

func TestPackagesAreNamedAfterWhatTheyKnow(t *testing.T) {
	vague := []string{"util", "utils", "common", "helper", "helpers", "type", "types", "manager", "misc", "base", "shared", "lib"}
	for _, p := range packages(t) {
		for part := range strings.SplitSeq(p.rel(), "/") {
			if slices.Contains(vague, part) {
				t.Errorf("the name of %s says nothing", p.rel())
			}
		}
	}
}

func TestTheRulesSeeWhatTheyAreFor(t *testing.T) {
	for _, test := range []struct {
		pattern, rel string
		want         bool
	}{
		{"engine", "engine", true},
		{"engine", "engine/room", false},
		{"bench/...", "bench", true},
		{"bench/...", "bench/load", true},
		{"bench/...", "benchmark", false},
		{".", ".", true},
	} {
		if matches(test.pattern, test.rel) != test.want {
			t.Errorf("%s and %s: not %v", test.pattern, test.rel, test.want)
		}
	}
	for path, want := range map[string]string{
		"fmt": "", "golang.org/x/text/unicode/norm": "", "chatroom/engine": "",
		"github.com/panjf2000/gnet/v2/pkg/pool": "github.com/panjf2000/gnet", "pgregory.net/rapid": "pgregory.net/rapid",
	} {
		if got := library(path); got != want {
			t.Errorf("%s belongs to %q, not %q", path, got, want)
		}
	}
	for _, p := range packages(t) {
		if p.rel() == "engine" && !slices.Contains(p.Imports, module+"/internal/chat") {
			t.Error("go list does not show what engine imports")
		}
	}
}
