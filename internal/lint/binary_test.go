package lint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// heaviest is the most bytes of the stripped program: half as much again as it had when this was
// written, and well below the 20 MB that a node may ship with.
const heaviest = 19 << 20

// TestTheLinkerDropsUnusedMethods looks for code that finds methods by names which only a running
// program knows (docs/adr/0004-flags-without-reflection.md). One such function, reachable from main,
// makes the linker keep every exported method of every type.
func TestTheLinkerDropsUnusedMethods(t *testing.T) {
	out := filepath.Join(t.TempDir(), "chatroom")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w -dumpdep", "-o", out, module)
	build.Dir = root(t)
	text, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text[max(0, len(text)-4096):])
	}
	if bytes.Count(text, []byte(" -> ")) < 1000 {
		t.Fatalf("the linker does not say what it keeps, and why: %s", text[:min(len(text), 4096)])
	}
	shown := 0
	for edge := range bytes.Lines(text) {
		if bytes.Contains(edge, []byte("<ReflectMethod>")) && shown < 10 {
			shown++
			t.Errorf("keeps every method alive: %s", edge)
		}
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > heaviest {
		t.Errorf("the stripped program has %d bytes, %d are the ceiling", info.Size(), heaviest)
	}
}
