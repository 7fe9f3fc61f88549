package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// eventStream is an open /admin/events.
type eventStream struct {
	*http.Response
	r      *bufio.Reader
	cancel context.CancelFunc
}

func (f *fixture) stream(token string) *eventStream {
	f.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	f.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", f.base+"/admin/events", nil)
	if err != nil {
		f.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := f.client.Do(request)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { response.Body.Close() })
	return &eventStream{response, bufio.NewReader(response.Body), cancel}
}

// next reads one event named stats.
func (s *eventStream) next() (data []byte, err error) {
	named := false
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		switch line = strings.TrimSuffix(line, "\n"); {
		case line == "event: stats":
			named = true
		case strings.HasPrefix(line, "data: "):
			data = append(data, strings.TrimPrefix(line, "data: ")...)
		case line == "" && data != nil:
			if !named {
				return nil, errors.New("an event without its name")
			}
			return data, nil
		}
	}
}

type statsData struct {
	statsEvent
	History []sample `json:"history"`
}

func (s *eventStream) stats(t *testing.T) (d statsData, raw []byte) {
	t.Helper()
	raw, err := s.next()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return d, raw
}

func TestEventsShowTheCluster(t *testing.T) {
	f, d := start(t, nil), describe(t)
	s := f.stream(f.login())
	if s.StatusCode != http.StatusOK || s.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" ||
		s.Header.Get("X-Accel-Buffering") != "no" || !strings.Contains(s.Header.Get("Cache-Control"), "no-store") {
		t.Fatalf("%d %v", s.StatusCode, s.Header)
	}
	first, raw := s.stats(t)
	d.valid("first event", "#/components/schemas/Stats", raw)
	if len(first.History) == 0 || first.History[len(first.History)-1].At != first.At {
		t.Errorf("history: %+v", first.History)
	}
	if first.Totals.Connections != 5 || first.Totals.Rooms != 2 || first.Totals.P99Ms != 9 || len(first.Servers) != 1 || first.Partial {
		t.Errorf("first: %+v", first)
	}
	last := first.At
	moved := false
	for range 20 {
		f.node.set(func(m *memory) { m.counts.Messages += 100; m.counts.Deliveries += 1000 })
		next, raw := s.stats(t)
		d.valid("event", "#/components/schemas/Stats", raw)
		if next.History != nil || next.At <= last {
			t.Errorf("next: %s", raw)
		}
		last = next.At
		if next.Totals.MessagesPerSecond > 0 && next.Totals.DeliveriesPerSecond > 0 && next.Totals.P50Ms == 1.5 {
			moved = true
			break
		}
	}
	if !moved {
		t.Error("the figures never moved")
	}

	again, _ := f.stream(f.login()).stats(t)
	if n := len(again.History); n < 2 || again.History[0].At != first.History[0].At {
		t.Errorf("a reload shows %d samples", n)
	}
}

func TestEventsGoOnWithoutTheCluster(t *testing.T) {
	f := start(t, nil)
	s := f.stream(f.login())
	s.stats(t)
	f.node.set(func(m *memory) { m.down = true })
	for {
		if d, _ := s.stats(t); d.Partial {
			if len(d.Servers) != 1 || d.Totals.Connections != 5 {
				t.Errorf("%+v", d)
			}
			break
		}
	}
	f.node.set(func(m *memory) { m.down = false })
	for {
		if d, _ := s.stats(t); !d.Partial {
			break
		}
	}
}

func TestStreamsAreBounded(t *testing.T) {
	f := start(t, func(c *Config) { c.MaxStreams = 2 })
	token := f.login()
	a, b := f.stream(token), f.stream(token)
	a.stats(t)
	b.stats(t)
	c := f.stream(token)
	if c.StatusCode != http.StatusServiceUnavailable || c.Header.Get("Retry-After") == "" {
		t.Fatalf("third: %d", c.StatusCode)
	}
	a.cancel()
	eventually(t, "the place of a stream that went is free", func() bool { return f.server.streams.Load() == 1 })
	if d := f.stream(token); d.StatusCode != http.StatusOK {
		t.Errorf("fourth: %d", d.StatusCode)
	}
}

func TestStreamsEndWithTheServer(t *testing.T) {
	f := start(t, nil)
	s := f.stream(f.login())
	s.stats(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := f.server.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := s.next(); err != nil {
			if err != io.EOF {
				t.Errorf("not ended but broken: %v", err)
			}
			break
		}
	}
	if n := f.server.streams.Load(); n != 0 {
		t.Errorf("%d streams left", n)
	}
}

func TestStreamsEndWithTheToken(t *testing.T) {
	f := start(t, nil)
	now := time.Now().Unix()
	s := f.stream(forge(goodHeader, goodClaims("iat", now-100, "nbf", now-100, "exp", now+6), testSecret))
	if s.StatusCode != http.StatusOK {
		t.Fatalf("%d", s.StatusCode)
	}
	events := 0
	for {
		if _, err := s.next(); err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		events++
	}
	if events == 0 {
		t.Error("no event before the end")
	}
}

// A reader that takes nothing is cut off after the write timeout and does not hold the others.
func TestStreamsOfSlowReaders(t *testing.T) {
	f := start(t, func(c *Config) { c.WriteTimeout = 2 * time.Second })
	for i := range historyLength { // more than the buffers of both ends hold
		f.server.sampler.publish(statsEvent{sample: sample{At: int64(i)}, Servers: []chat.ServerStats{}})
	}
	token := f.login()
	slow, err := net.Dial("tcp", f.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	_ = slow.(*net.TCPConn).SetReadBuffer(4 << 10)
	if _, err := io.WriteString(slow, "GET /admin/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the slow one is there", func() bool { return f.server.streams.Load() == 1 })
	fast := f.stream(token)
	for range 3 {
		fast.stats(t)
	}
	eventually(t, "the slow one is cut off", func() bool { return f.server.streams.Load() == 1 })
}

// What every node pays each second for the history, streams or not: one look at the cluster and one
// encoding, for ten nodes.
func BenchmarkSample(b *testing.B) {
	node := newMemory()
	s := newSampler(tenNodes{node}, time.Second)
	b.ReportAllocs()
	for b.Loop() {
		s.publish(s.take(b.Context()))
	}
}

type tenNodes struct{ *memory }

func (n tenNodes) Servers(context.Context) ([]chat.ServerStats, error) {
	servers := make([]chat.ServerStats, 10)
	for i := range servers {
		servers[i] = n.Stats()
		servers[i].ServerID += string(rune('0' + i))
	}
	return servers, nil
}

func TestHistoryIsOneHour(t *testing.T) {
	s := newSampler(newMemory(), time.Second)
	for i := range historyLength + 100 {
		s.publish(statsEvent{sample: sample{At: int64(i)}, Servers: []chat.ServerStats{}})
	}
	_, data := s.opening()
	var d statsData
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.History) != historyLength || d.History[0].At != 100 || d.History[historyLength-1].At != historyLength+99 || d.At != historyLength+99 {
		t.Errorf("%d samples from %d to %d at %d", len(d.History), d.History[0].At, d.History[len(d.History)-1].At, d.At)
	}
	t.Logf("a full history has %d bytes", len(data))
}

func TestRates(t *testing.T) {
	var r rate
	step := func(at, received, sent int64, messages, deliveries float64) {
		t.Helper()
		r.update(&chat.ServerStats{LastUpdatedAt: at, TotalMessagesReceived: received, TotalMessagesSent: sent})
		if r.messages != messages || r.deliveries != deliveries {
			t.Errorf("at %d: %v %v, want %v %v", at, r.messages, r.deliveries, messages, deliveries)
		}
	}
	step(1000, 500, 5000, 0, 0)
	step(2000, 600, 7000, 100, 2000)
	step(2000, 600, 7000, 100, 2000) // the same record again
	step(4000, 600, 7000, 0, 0)
	step(4500, 650, 7100, 100, 200)
	step(5000, 3, 10, 0, 0) // it began anew
	step(6000, 13, 20, 10, 10)
	step(5900, 20, 30, 0, 0) // its clock went back
}

func TestQuantiles(t *testing.T) {
	var h chat.Latency
	if q := quantile(h, 0.99); q != 0 {
		t.Errorf("of nothing: %d", q)
	}
	h.Buckets[0], h.Buckets[3], h.Buckets[len(h.Buckets)-1] = 98, 1, 1
	for q, want := range map[float64]int64{0.5: 100, 0.98: 100, 0.99: 1000, 1: 10_000_000} {
		if got := quantile(h, q); got != want {
			t.Errorf("%v: %d, want %d", q, got, want)
		}
	}
	if d := since(h, h); quantile(d, 0.5) != 0 {
		t.Errorf("%+v", d)
	}
}
