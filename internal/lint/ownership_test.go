package lint

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// phrases head the paragraphs of fields that goroutines share (docs/concurrency.md).
var phrases = []string{
	"Immutable after open.",
	"Owned by the session's loop.",
	"Owned by the room's home loop.",
	"Guarded by mu.",
	"Atomic; any goroutine.",
	"Borrowed until Discard.",
	"Frozen: shared by recipients, written by none.",
}

// stateful are the packages in which goroutines share structs.
var stateful = []string{"engine", "engine/room", "cluster", "admin", "internal/node"}

func TestSharedStructsSayWhoMayTouchThem(t *testing.T) {
	sources(t, func(s source) {
		dir := s.rel[:max(0, strings.LastIndexByte(s.rel, '/'))]
		if !slices.Contains(stateful, dir) || strings.HasSuffix(s.rel, "_test.go") {
			return
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if fields, ok := spec.Type.(*ast.StructType); ok {
				checkStruct(t, s, spec.Name.Name, fields)
			}
			return true
		})
	})
}

// checkStruct wants a phrase for a mutex and one for atomics, and no phrase that is almost one.
func checkStruct(t *testing.T, s source, name string, fields *ast.StructType) {
	said := map[string]bool{}
	for _, group := range s.file.Comments {
		if group.Pos() < fields.Pos() || group.End() > fields.End() {
			continue
		}
		for _, comment := range group.List {
			text := strings.TrimSpace(strings.TrimPrefix(comment.Text, "//"))
			for _, phrase := range phrases {
				if strings.HasPrefix(text, strings.TrimSuffix(phrase, ".")) {
					said[phrase] = true
				}
			}
		}
	}
	mutex, atomics := false, false
	for _, field := range fields.Fields.List {
		selector, ok := field.Type.(*ast.SelectorExpr)
		if index, generic := field.Type.(*ast.IndexExpr); generic {
			selector, ok = index.X.(*ast.SelectorExpr)
		}
		if !ok {
			continue
		}
		from, _ := selector.X.(*ast.Ident)
		switch {
		case from != nil && from.Name == "sync" && strings.HasSuffix(selector.Sel.Name, "Mutex"):
			mutex = true
		case from != nil && from.Name == "atomic":
			atomics = true
		}
	}
	if mutex && !said["Guarded by mu."] {
		t.Errorf("%s:%d: %s has a mutex and no paragraph \"Guarded by mu.\"", s.rel, s.line(fields), name)
	}
	if atomics && !said["Atomic; any goroutine."] {
		t.Errorf("%s:%d: %s has atomics and no paragraph \"Atomic; any goroutine.\"", s.rel, s.line(fields), name)
	}
}

func TestTheDocumentListsThePhrases(t *testing.T) {
	text := string(read(t, root(t)+"/docs/concurrency.md"))
	for _, phrase := range phrases {
		short := strings.TrimPrefix(phrase, "Owned ")
		if !strings.Contains(text, phrase) && !strings.Contains(text, short) {
			t.Errorf("docs/concurrency.md does not explain %q", phrase)
		}
	}
}
