package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"chatroom/engine"
	"chatroom/wsproto"
)

func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

const childEnv = "CHATROOM_ENGINE_TEST_FDS"

// TestFewFileDescriptors starts a node in a process with 200 descriptors and asks for more
// connections than that: it answers 503 or closes, lives, and recovers.
func TestFewFileDescriptors(t *testing.T) {
	if os.Getenv(childEnv) != "" {
		serveWithFewDescriptors(t)
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestFewFileDescriptors$", "-test.v")
	command.Env = append(os.Environ(), childEnv+"=200")
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(60*time.Second, func() { command.Process.Kill() })
	defer kill.Stop()
	lines := bufio.NewScanner(stdout)
	addr := ""
	for addr == "" && lines.Scan() {
		addr, _ = strings.CutPrefix(lines.Text(), "listening on ")
		if addr == lines.Text() {
			addr = ""
		}
	}
	n := &node{addr: addr}
	var conns []net.Conn
	served, full, dropped := 0, 0, 0
	for range 400 {
		conn := n.raw(t)
		conns = append(conns, conn)
		if _, err := conn.Write(wsproto.AppendRequest(nil, "x", "/ws", &wsproto.RequestOptions{})); err != nil {
			dropped++
			continue
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		switch {
		case err != nil:
			dropped++
		case response.StatusCode == 101:
			served++
		case response.StatusCode == 503:
			full++
		}
	}
	if served < 90 || served > 110 || full == 0 {
		t.Errorf("%d served, %d told that the node is full, %d dropped", served, full, dropped)
	}
	for _, conn := range conns {
		conn.Close()
	}
	eventually(t, "the node serves again", func() bool { status, _ := n.upgrade(t); return status == 101 })
	stdin.Close()
	for lines.Scan() {
		t.Log(lines.Text())
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the node: %v", err)
	}
}

func serveWithFewDescriptors(t *testing.T) {
	limit := unix.Rlimit{Cur: 200, Max: 200}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := start(t, engine.Config{}, nil)
	fmt.Printf("\nlistening on %s\n", n.addr)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
	}()
	select {
	case <-gone:
	case err := <-n.Failed():
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}
