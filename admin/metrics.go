package admin

import (
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// metrics is what /metrics shows: the node's own counters, read once per scrape, those of this
// listener, and the usual ones of the Go run time and the process.
type metrics struct {
	// Immutable after open.
	registry *prometheus.Registry
	requests *prometheus.CounterVec

	// Atomic; any goroutine.
	logins struct{ ok, refused atomic.Uint64 }

	// Guarded by mu.
	mu sync.Mutex // one scrape at a time
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "chatroom_admin_requests_total", Help: "Requests to the admin listener by route and status.",
		}, []string{"route", "status"}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests,
		&nodeCollector{node: s.node},
		&listenerCollector{server: s},
		constant("chatroom_build_info", "Which build runs here; the value is always 1.", prometheus.Labels{
			"version": s.cfg.Version, "go_version": runtime.Version(), "server_id": s.cfg.ServerID,
		}),
	)
	return m
}

func constant(name, help string, labels prometheus.Labels) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels})
	g.Set(1)
	return g
}

// count counts an answered request. Routes and statuses are closed sets.
func (m *metrics) count(x *exchange) {
	route := "none"
	if x.route != nil {
		route = x.route.name
	}
	m.requests.WithLabelValues(route, strconv.Itoa(x.ctx.Response.StatusCode())).Inc()
}

// getMetrics writes the metrics in the Prometheus text format, version 0.0.4.
func (s *Server) getMetrics(x *exchange) error {
	s.metrics.mu.Lock()
	defer s.metrics.mu.Unlock()
	families, err := s.metrics.registry.Gather()
	if err != nil {
		return err
	}
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	x.ctx.SetContentType(string(format))
	encoder := expfmt.NewEncoder(x.ctx.Response.BodyWriter(), format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return err
		}
	}
	return nil
}

// listenerCollector shows what this listener counts itself.
type listenerCollector struct{ server *Server }

var (
	adminLimited = prometheus.NewDesc("chatroom_admin_rate_limited_total", "Admin requests refused with 429, by the limit that refused.", []string{"limit"}, nil)
	adminLogins  = prometheus.NewDesc("chatroom_admin_logins_total", "Logins by result.", []string{"result"}, nil)
	adminStreams = prometheus.NewDesc("chatroom_admin_event_streams", "Event streams that are open.", nil, nil)
	nodeReady    = prometheus.NewDesc("chatroom_ready", "1 while the node takes new connections.", nil, nil)
	nodeUptime   = prometheus.NewDesc("chatroom_uptime_seconds", "Time since the node began to serve.", nil, nil)
)

// Describe sends the descriptions.
func (c *listenerCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{adminLimited, adminLogins, adminStreams, nodeReady, nodeUptime} {
		ch <- d
	}
}

// Collect sends the values.
func (c *listenerCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.server
	counter := func(d *prometheus.Desc, v uint64, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), label)
	}
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	counter(adminLimited, s.limits.refusedBucket.Load(), "bucket")
	counter(adminLimited, s.limits.refusedAddress.Load(), "address")
	counter(adminLimited, s.limits.refusedUser.Load(), "user")
	counter(adminLogins, s.metrics.logins.ok.Load(), "ok")
	counter(adminLogins, s.metrics.logins.refused.Load(), "refused")
	gauge(adminStreams, float64(s.streams.Load()))
	ready := 0.0
	if s.node.Ready() == "" && !s.draining.Load() {
		ready = 1
	}
	gauge(nodeReady, ready)
	gauge(nodeUptime, s.node.Uptime().Seconds())
}
