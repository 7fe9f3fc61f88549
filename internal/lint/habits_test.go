package lint

import (
	"bytes"
	"go/ast"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// tallest is the most lines of a Go file.
const tallest = 500

func TestFilesHoldOneIdea(t *testing.T) {
	files(t, func(path, rel string) {
		if !strings.HasSuffix(rel, ".go") {
			return
		}
		if n := bytes.Count(read(t, path), []byte("\n")); n > tallest {
			t.Errorf("%s has %d lines, %d are the ceiling", rel, n, tallest)
		}
	})
}

// foreign is what only means something on one machine. The parts are put together here so that
// this file does not hold what it looks for.
var foreign = regexp.MustCompile(`/(` + `work/(main|shared)|home/[a-z])|(^|[^a-z])(localhost|127\.0\.0\.1):\d+/(go|npm|pypi)` + `(/|\b)`)

// marks are left by work that is not done.
var marks = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

func TestFilesSpeakOfTheProjectOnly(t *testing.T) {
	files(t, func(path, rel string) {
		content := read(t, path)
		if !utf8.Valid(content) || strings.HasSuffix(rel, "package-lock.json") || rel == "go.sum" {
			return
		}
		for i, line := range strings.Split(string(content), "\n") {
			if foreign.MatchString(line) {
				t.Errorf("%s:%d names a place on somebody's machine: %s", rel, i+1, line)
			}
			if strings.HasSuffix(rel, ".go") && marks.MatchString(line) {
				t.Errorf("%s:%d is not finished: %s", rel, i+1, line)
			}
		}
	})
}

// TestTestsNeitherSkipNorSleep lets time.Sleep stand in a loop, where it is the pause of a poll, in
// a goroutine of its own, in what plays a slow peer, and where a comment on its line says for what
// the time has to pass. Fuzz targets may skip inputs.
func TestTestsNeitherSkipNorSleep(t *testing.T) {
	sources(t, func(s source) {
		if !strings.HasSuffix(s.rel, "_test.go") {
			return
		}
		explained := map[int]bool{}
		for _, group := range s.file.Comments {
			explained[s.line(group)] = true
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") && f.Body != nil {
				habits{t, s, explained}.check(f.Body, false)
			}
		}
	})
}

// TestLoopsDoNotSleep looks at the packages whose code runs on event loops.
func TestLoopsDoNotSleep(t *testing.T) {
	sources(t, func(s source) {
		dir := s.rel[:max(0, strings.LastIndexByte(s.rel, '/'))]
		if strings.HasSuffix(s.rel, "_test.go") || dir != "engine" && dir != "engine/room" && dir != "wsproto" && dir != "internal/chat" {
			return
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if from, ok := selector.X.(*ast.Ident); ok && from.Name == "time" && selector.Sel.Name == "Sleep" {
				t.Errorf("%s:%d sleeps, on a loop perhaps", s.rel, s.line(n))
			}
			return true
		})
	})
}

// habits walks a test.
type habits struct {
	t         *testing.T
	s         source
	explained map[int]bool // lines that begin a comment
}

// check looks at everything below a node; excused says that sleeping is all right there.
func (h habits) check(below ast.Node, excused bool) {
	ast.Inspect(below, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			h.check(n.Call, true)
			return false
		case *ast.ForStmt:
			if n.Post != nil {
				h.check(n.Post, true)
			}
			h.check(n.Body, true)
			return false
		case *ast.RangeStmt:
			h.check(n.Body, true)
			return false
		case *ast.CallExpr:
			h.call(n, excused)
		}
		return true
	})
}

func (h habits) call(n *ast.CallExpr, excused bool) {
	selector, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	from, ok := selector.X.(*ast.Ident)
	if !ok {
		return
	}
	line := h.s.line(n)
	switch selector.Sel.Name {
	case "Sleep":
		if from.Name == "time" && !excused && !h.explained[line] {
			h.t.Errorf("%s:%d sleeps: poll with a deadline, or say what has to pass", h.s.rel, line)
		}
	case "Skip", "Skipf", "SkipNow":
		if from.Name == "t" || from.Name == "tb" {
			h.t.Errorf("%s:%d skips: a missing tool is a failure", h.s.rel, line)
		}
	}
}
