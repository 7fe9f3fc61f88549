package engine_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/wsproto"
)

const idleEnv = "CHATROOM_ENGINE_BENCH_IDLE"

// BenchmarkIdle opens connections in rooms of a hundred against a node in another process, and
// reports what each costs that process: resident memory beyond the start, after a collection.
//
//	go test -run '^$' -bench Idle -benchtime 5000x ./engine
func BenchmarkIdle(b *testing.B) {
	if os.Getenv(idleEnv) != "" {
		serveIdle(b)
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=Idle", "-test.benchtime=1x")
	command.Env = append(os.Environ(), idleEnv+"=1")
	stdin, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	defer command.Wait()
	defer stdin.Close()
	lines := bufio.NewScanner(stdout)
	ask := func(prefix string) (value string) {
		for lines.Scan() {
			if at := strings.Index(lines.Text(), prefix); at >= 0 {
				return lines.Text()[at+len(prefix):]
			}
		}
		b.Fatal("the node is gone")
		return ""
	}
	n := &node{addr: ask("listening on ")}
	resident := func() (kib int) {
		fmt.Fprintln(stdin, "measure")
		fmt.Sscan(ask("resident KiB "), &kib)
		return kib
	}
	before := resident()
	room := int64(0)
	began := time.Now()
	for i := range b.N {
		c := n.dialIdle(b)
		if i%100 == 0 {
			c.send(`{"type":"CREATE_ROOM","name":"room"}`)
		} else {
			c.send(`{"type":"JOIN_ROOM","roomId":%d}`, room)
		}
		room = c.want("ROOM_JOINED").number("roomId")
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "connects/s")
	b.ReportMetric(float64(resident()-before)*1024/float64(b.N), "B/conn")
	b.ReportMetric(0, "ns/op")
}

// dialIdle is dial with as little memory and work as may be.
func (n *node) dialIdle(b *testing.B) *client {
	conn, err := wsproto.Dial(b.Context(), "ws://"+n.addr+"/ws", wsproto.DialOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.CloseNow() })
	c := &client{t: b, conn: conn}
	c.want("CONNECT")
	return c
}

func serveIdle(b *testing.B) {
	n := start(b, engine.Config{Heartbeat: time.Hour}, nil)
	fmt.Printf("\nlistening on %s\n", n.addr)
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		runtime.GC()
		debug.FreeOSMemory()
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
		fmt.Printf("\nresident KiB %s\n", strings.Fields(string(rest))[0])
		if path := os.Getenv(idleEnv); path != "1" {
			profile, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			if err := pprof.Lookup("heap").WriteTo(profile, 0); err != nil {
				b.Fatal(err)
			}
			profile.Close()
		}
	}
}
