package servers

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestProcessesShareNoPort gives ports to this process and to others at the same time.
func TestProcessesShareNoPort(t *testing.T) {
	const asOther = "CHATROOM_SERVERS_TEST_PORTS"
	const each = blockSize + 10 // more than one block
	take := func() (taken []string) {
		for range each {
			port, err := FreePort()
			if err != nil {
				t.Fatal(err)
			}
			taken = append(taken, strconv.Itoa(port))
		}
		return taken
	}
	if os.Getenv(asOther) != "" {
		os.Stdout.WriteString("\n" + strings.Join(take(), " ") + "\n")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the test has heard from all
		return
	}
	var all []string
	for range 3 {
		other := exec.Command(os.Args[0], "-test.run=^TestProcessesShareNoPort$")
		other.Env = append(os.Environ(), asOther+"=1")
		stdin, err := other.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := other.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			stdin.Close()
			_ = other.Wait()
		})
		text, buf := "", make([]byte, 64<<10)
		for strings.Count(text, "\n") < 2 {
			n, err := stdout.Read(buf)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			text += string(buf[:n])
		}
		all = append(all, strings.Fields(text)...)
	}
	all = append(all, take()...)
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); n != 4*each || len(all) != n {
		t.Errorf("%d of %d ports are different", n, len(all))
	}
}
