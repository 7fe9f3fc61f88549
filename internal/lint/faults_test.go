package lint

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// testName is a test as documents name it.
var testName = regexp.MustCompile(`^Test[A-Z]\w*$`)

// TestDocumentsNameTestsThatExist: docs/faults.md says which test shows what.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	known := map[string]bool{}
	sources(t, func(s source) {
		if !strings.HasSuffix(s.rel, "_test.go") {
			return
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				known[f.Name.Name] = true
			}
		}
	})
	named := 0
	documents(t, func(rel, text string) {
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			if !testName.MatchString(m[1]) {
				continue
			}
			named++
			if !known[m[1]] {
				t.Errorf("%s names %s, which does not exist", rel, m[1])
			}
		}
	})
	if named < 50 {
		t.Errorf("only %d tests are named: docs/faults.md says for each fault which one shows it", named)
	}
}
