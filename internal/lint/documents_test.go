package lint

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	code = regexp.MustCompile("`([^`\n]+)`")
	// symbol is package.Name or package.Name.Member, with or without a call's parentheses.
	symbol = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*)(?:\.(\w+))?(?:\(.*\))?$`)
	// inside is a path below one of our directories.
	inside = regexp.MustCompile(`^(admin|bench|cluster|deploy|docs|engine|internal|web|wsproto)/[\w./-]+$`)
	fence  = regexp.MustCompile("(?ms)^```.*?^```")
)

// documents calls visit with every Markdown file, without its fenced blocks.
func documents(t *testing.T, visit func(rel, text string)) {
	t.Helper()
	files(t, func(path, rel string) {
		if strings.HasSuffix(rel, ".md") {
			visit(rel, fence.ReplaceAllString(string(read(t, path)), ""))
		}
	})
}

func exists(t *testing.T, rel string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(rel)))
	return err == nil
}

func TestLinksLeadToFiles(t *testing.T) {
	documents(t, func(rel, text string) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if target := m[1]; !strings.Contains(target, ":") && !exists(t, path.Join(path.Dir(rel), target)) {
				t.Errorf("%s links to %s, which is not there", rel, target)
			}
		}
	})
}

func TestDocumentsNameWhatExists(t *testing.T) {
	known, names := exported(t)
	documents(t, func(rel, text string) {
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			word := m[1]
			made := strings.HasPrefix(word, "deploy/tls/") // by make cert, or by whoever runs it
			if inside.MatchString(word) && path.Ext(word) != "" && !made && !exists(t, word) {
				t.Errorf("%s names the file %s, which is not there", rel, word)
			}
			s := symbol.FindStringSubmatch(word)
			if s == nil || !names[s[1]] {
				continue
			}
			if !known[s[1]+"."+s[2]] || s[3] != "" && !known[s[1]+"."+s[2]+"."+s[3]] {
				t.Errorf("%s names %s, which does not exist", rel, word)
			}
		}
	})
}

// exported are all package-level names of our packages as package.Name, and their methods and fields
// as package.Name.Member; and the names of the packages.
func exported(t *testing.T) (known, names map[string]bool) {
	t.Helper()
	known, names = map[string]bool{}, map[string]bool{}
	sources(t, func(s source) {
		if strings.HasSuffix(s.rel, "_test.go") || s.file.Name.Name == "main" {
			return
		}
		in := s.file.Name.Name
		names[in] = true
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				known[in+"."+receiver(d)+d.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					note(known, in, spec)
				}
			}
		}
	})
	return known, names
}

// note adds what a declaration names.
func note(known map[string]bool, in string, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			known[in+"."+name.Name] = true
		}
	case *ast.TypeSpec:
		known[in+"."+spec.Name.Name] = true
		var members *ast.FieldList
		switch body := spec.Type.(type) {
		case *ast.StructType:
			members = body.Fields
		case *ast.InterfaceType:
			members = body.Methods
		default:
			return
		}
		for _, field := range members.List {
			for _, name := range field.Names {
				known[in+"."+spec.Name.Name+"."+name.Name] = true
			}
		}
	}
}

// receiver is the type of a method and a dot, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	expr := d.Recv.List[0].Type
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	if index, ok := expr.(*ast.IndexExpr); ok {
		expr = index.X
	}
	if name, ok := expr.(*ast.Ident); ok {
		return name.Name + "."
	}
	return ""
}
