package nginx

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chatroom/bench/machine"
	"chatroom/wsproto"
)

const (
	rooms    = 150
	roomSize = 100
	// heartbeat is short here: nobody stays for two periods of the usual one.
	heartbeat = 5 * time.Second
)

// BenchmarkConnectionsThroughNginx holds 15,000 people in rooms of 100 behind one nginx: they all come
// in, outlast two heartbeats, and each hears what is said in its room.
func BenchmarkConnectionsThroughNginx(b *testing.B) {
	f := startFront(b, 1, false, "--message-rate", "0", "--handshake-rate", "0", "--heartbeat", heartbeat.String(), "--log-level", "error")
	workers := f.workers()
	empty := resident(b, workers)
	ctx, cancel := context.WithTimeout(b.Context(), 3*time.Minute)
	defer cancel()
	m := &multitude{}
	defer m.leave()

	began := time.Now()
	if err := m.enter(ctx, f.webSocket()); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d people came in within %v", rooms*roomSize, time.Since(began).Round(time.Millisecond))
	select {
	case <-time.After(2*heartbeat + time.Second):
	case <-ctx.Done():
		b.Fatal(ctx.Err())
	}
	full := resident(b, workers)
	total := 0.0
	for i, pid := range workers {
		b.Logf("worker %d: %d descriptors, %.1f MB resident, %.1f MB before", i+1, descriptors(b, pid), full[i]/1e6, empty[i]/1e6)
		total += full[i] - empty[i]
	}
	node, err := machine.Memory(f.nodes[0].Process().PID())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("node: %.1f MB resident", float64(node)/1e6)

	began = time.Now()
	if err := m.speak(ctx); err != nil {
		b.Fatal(err)
	}
	until(b, "everybody heard it", func() bool { return m.heard.Load() == rooms*roomSize })
	b.Logf("a message in each room reached everybody within %v", time.Since(began).Round(time.Millisecond))
	if n := m.lost.Load(); n > 0 {
		b.Errorf("%d connections were lost", n)
	}
	b.ReportMetric(rooms*roomSize, "connections")
	b.ReportMetric(total/rooms/roomSize, "nginx-B/connection")
}

// multitude is many people that sit in rooms and count what they hear.
type multitude struct {
	// Guarded by mu.
	mu    sync.Mutex
	all   []*wsproto.Conn
	first []*wsproto.Conn // of each room

	// Atomic; any goroutine.
	heard, lost atomic.Int64
	leaving     atomic.Bool
	readers     sync.WaitGroup
}

// enter fills all rooms, a few at a time.
func (m *multitude) enter(ctx context.Context, url string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	turns := make(chan struct{}, 32)
	var filling sync.WaitGroup
	for range rooms {
		filling.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if err := m.fill(ctx, url); err != nil {
				cancel(err)
			}
		})
	}
	filling.Wait()
	return context.Cause(ctx)
}

// fill makes one room and brings its people in.
func (m *multitude) fill(ctx context.Context, url string) error {
	request := `{"type":"CREATE_ROOM","name":"many"}`
	for i := range roomSize {
		c, err := wsproto.Dial(ctx, url, wsproto.DialOptions{})
		if err != nil {
			return err
		}
		m.mu.Lock()
		m.all = append(m.all, c)
		if i == 0 {
			m.first = append(m.first, c)
		}
		m.mu.Unlock()
		if err := c.WriteText(ctx, []byte(request)); err != nil {
			return err
		}
		joined, err := await(ctx, c, "ROOM_JOINED")
		if err != nil {
			return err
		}
		room := strings.TrimLeft(cutBetween(joined, `"roomId":`, `,`), " ")
		request = `{"type":"JOIN_ROOM","roomId":` + room + `}`
		m.readers.Go(func() { m.listen(c) })
	}
	return nil
}

// await reads until an event of the type comes.
func await(ctx context.Context, c *wsproto.Conn, kind string) (string, error) {
	for {
		event, err := c.ReadMessage(ctx)
		if err != nil {
			return "", fmt.Errorf("waiting for %s: %w", kind, err)
		}
		if bytes.Contains(event, []byte(`"type":"`+kind+`"`)) {
			return string(event), nil
		}
	}
}

func cutBetween(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

// listen counts messages, and the ACK in the place of an own one. Pings are answered by reading.
func (m *multitude) listen(c *wsproto.Conn) {
	for {
		event, err := c.ReadMessage(context.Background())
		switch {
		case err != nil && !m.leaving.Load():
			m.lost.Add(1)
			return
		case err != nil:
			return
		case bytes.Contains(event, []byte(`"type":"NEW_MESSAGE"`)), bytes.Contains(event, []byte(`"type":"ACK"`)):
			m.heard.Add(1)
		}
	}
}

// speak says one thing in each room.
func (m *multitude) speak(ctx context.Context) error {
	for _, c := range m.first {
		if err := c.WriteText(ctx, []byte(`{"type":"SEND_MESSAGE","id":"hello","text":"hello, all of you"}`)); err != nil {
			return err
		}
	}
	return nil
}

func (m *multitude) leave() {
	m.leaving.Store(true)
	for _, c := range m.all {
		_ = c.CloseNow()
	}
	m.readers.Wait()
}

// workers are the process ids of nginx' workers.
func (f *front) workers() (pids []int) {
	f.t.Helper()
	until(f.t, "nginx has a worker for each core", func() bool {
		pids = nil
		stats, err := filepath.Glob("/proc/[0-9]*/stat")
		if err != nil {
			f.t.Fatal(err)
		}
		for _, path := range stats {
			stat, err := os.ReadFile(path)
			if err != nil {
				continue // it ended since
			}
			// Behind the name in parentheses stand the state and the parent.
			fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
			title, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
			if err != nil || fields[1] != strconv.Itoa(f.nginx.PID()) || !bytes.Contains(title, []byte("worker process")) {
				continue
			}
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				f.t.Fatal(err)
			}
			pids = append(pids, pid)
		}
		return len(pids) == runtime.NumCPU()
	})
	return pids
}

func resident(b *testing.B, pids []int) []float64 {
	b.Helper()
	sizes := make([]float64, len(pids))
	for i, pid := range pids {
		size, err := machine.Memory(pid)
		if err != nil {
			b.Fatal(err)
		}
		sizes[i] = float64(size)
	}
	return sizes
}

func descriptors(b *testing.B, pid int) int {
	b.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		b.Fatal(err)
	}
	return len(open)
}
