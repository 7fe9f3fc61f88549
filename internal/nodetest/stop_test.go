package nodetest

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/servers"
	"chatroom/wsproto"
)

// ends waits for a program's end and returns its exit code.
func ends(t *testing.T, p *servers.Process) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	code, err := p.Wait(ctx)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Dump())
	}
	return code
}

// TestStopsWithoutRedis asks nodes to end whose Redis is not there: it takes connections and says
// nothing while they boot, it is killed, or it does not answer any more.
func TestStopsWithoutRedis(t *testing.T) {
	t.Parallel()
	binary, err := servers.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("while it boots", func(t *testing.T) {
		t.Parallel()
		stopWhileItBoots(t, binary)
	})
	for name, away := range map[string]func(*servers.Redis){
		"killed":  (*servers.Redis).Kill,
		"stopped": func(r *servers.Redis) { _ = r.Pause() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drainWithoutRedis(t, binary, away)
		})
	}
}

func stopWhileItBoots(t *testing.T, binary string) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	var once sync.Once
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			defer c.Close() // held open until the end
			once.Do(func() { close(asked) })
		}
	}()
	t.Cleanup(func() {
		silent.Close()
		<-done
	})
	p, err := servers.Start(t.TempDir(), "node", nil, binary, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
		"--redis-url", "redis://"+silent.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	select {
	case <-asked:
	case <-p.Done():
		t.Fatalf("ended by itself: %s", p.Log())
	case <-time.After(servers.StartTimeout):
		t.Fatal("it does not ask Redis")
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := ends(t, p); code != 1 {
		t.Errorf("exit code %d of a node that never served\n%s", code, p.Log())
	}
}

func drainWithoutRedis(t *testing.T, binary string, away func(*servers.Redis)) {
	r := Redis(t)
	n, err := servers.StartNode(t.Context(), t.TempDir(), binary, nil, "--redis-url", r.URL(), "--drain", "500ms")
	if n != nil && n.Process() != nil {
		t.Cleanup(n.Kill)
	}
	if err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the node is ready", func() bool { return n.Ready() == nil })
	for range 20 {
		c, err := wsproto.Dial(t.Context(), n.WebSocket(), wsproto.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
	}
	away(r)
	if err := n.Process().Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := ends(t, n.Process()); code != 0 {
		t.Errorf("exit code %d\n%s", code, n.Process().Log())
	}
}
