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

// TestTestsNeitherSkipNorSleep lets time.Sleep stand only in a loop, where it is the pause of a poll,
// in a goroutine of its own, and in what plays a slow peer.
func TestTestsNeitherSkipNorSleep(t *testing.T) {
	sources(t, func(s source) {
		if !strings.HasSuffix(s.rel, "_test.go") {
			return
		}
		excused := 0
		var visit func(n ast.Node) bool
		inside := func(body ast.Node) {
			excused++
			ast.Inspect(body, visit)
			excused--
		}
		visit = func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if !strings.HasPrefix(n.Name.Name, "Test") && n.Body != nil {
					inside(n.Body)
					return false
				}
			case *ast.GoStmt:
				inside(n.Call)
				return false
			case *ast.ForStmt:
				if n.Post != nil {
					inside(n.Post)
				}
				inside(n.Body)
				return false
			case *ast.RangeStmt:
				inside(n.Body)
				return false
			case *ast.CallExpr:
				selector, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				from, _ := selector.X.(*ast.Ident)
				name := selector.Sel.Name
				if from != nil && from.Name == "time" && name == "Sleep" && excused == 0 {
					t.Errorf("%s:%d sleeps: poll with a deadline", s.rel, s.line(n))
				}
				if from != nil && (from.Name == "t" || from.Name == "b" || from.Name == "tb") && (name == "Skip" || name == "Skipf" || name == "SkipNow") {
					t.Errorf("%s:%d skips: a missing tool is a failure", s.rel, s.line(n))
				}
			}
			return true
		}
		ast.Inspect(s.file, visit)
	})
}
