package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatroom/internal/asyncapi"
)

// maxScript is the promise for everything that the chat page may load as script, gzip at its best
// level, all languages included.
const maxScript = 40 << 10

const web = ".."

// install puts the development packages into place that the lock file names. npm itself writes the
// compared mark last: it stands for a whole installation.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.Stat(filepath.Join(web, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(web, "node_modules", ".package-lock.json")
	if done, err := os.Stat(mark); err == nil && done.ModTime().After(lock.ModTime()) {
		return
	}
	output(t, web, "npm", "ci", "--no-audit", "--no-fund")
	now := time.Now()
	if err := os.Chtimes(mark, now, now); err != nil {
		t.Fatal(err)
	}
}

// output runs a program to its end and fails the test with what it said when it fails.
func output(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestSourcesHaveTypes(t *testing.T) {
	install(t)
	output(t, web, filepath.Join("node_modules", ".bin", "tsc"), "--noEmit")
}

func TestWireTypesAreFresh(t *testing.T) {
	source, err := asyncapi.JSON()
	if err != nil {
		t.Fatal(err)
	}
	made, err := generateTypes(source)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join(web, filepath.FromSlash(wireTypes)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, committed) {
		t.Errorf("%s is not what docs/asyncapi.yaml gives: go run ./web/build", wireTypes)
	}
}

func TestDistIsFresh(t *testing.T) {
	install(t)
	built, err := bundle(web)
	if err != nil {
		t.Fatal(err)
	}
	committed := tree{}
	root := os.DirFS(filepath.Join(web, "dist"))
	if err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		committed[name], err = fs.ReadFile(root, name)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range built.names() {
		if !bytes.Equal(built[name], committed[name]) {
			t.Errorf("dist/%s is not what the sources give: go run ./web/build", name)
		}
	}
	for _, name := range committed.names() {
		if _, ok := built[name]; !ok {
			t.Errorf("dist/%s comes from no source: go run ./web/build", name)
		}
	}
}

func TestScriptIsSmall(t *testing.T) {
	install(t)
	built, err := bundle(web)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, name := range built.names() {
		if path.Ext(name) == ".js" && !strings.HasPrefix(name, "admin/") {
			size := zipped(t, built[name])
			t.Logf("%6d  %s", size, name)
			total += size
		}
	}
	t.Logf("%6d  of %d", total, maxScript)
	if total == 0 || total > maxScript {
		t.Errorf("the page's script has %d bytes compressed, the limit is %d", total, maxScript)
	}
}

func zipped(t *testing.T, content []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// TestUnits runs the tests written in TypeScript; WIRE names the conversations they share with Go.
func TestUnits(t *testing.T) {
	install(t)
	files, err := bundleTests(web, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no tests were found")
	}
	wire, err := filepath.Abs(filepath.Join(web, "testdata", "wire"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("WIRE", wire)
	t.Log(output(t, ".", "node", append([]string{"--test", "--enable-source-maps"}, files...)...))
}
