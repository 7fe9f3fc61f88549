package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatroom/bench/report"
)

// options is the command line.
type options struct {
	scenarios []string

	length   string // short or full
	duration time.Duration
	warmUp   time.Duration
	repeat   int
	urls     []string
	pids     []int
	metrics  []string
	server   string
	redis    string
	peers    string
	noLimit  bool
	subjects []string
	workers  int
	seed     uint64
	patience time.Duration

	json, html, markdown, earlier string
	thresholds                    []report.Threshold
	quiet                         bool
	list                          bool

	given map[string]string // flags as they were given, for the report
}

const usage = `Usage: chatroom-bench [flags] [scenario ...]

Starts bin/chatroom (the program next to this one) once for each load, or uses the
running server of --url, checks every delivery and compares with the machine's limit.
Exit code 1: a message was lost, duplicated, reordered or invented, something else
went wrong, or a threshold was not kept.

Scenarios (none = all):
`

func parseOptions(args []string, stderr io.Writer) (*options, error) {
	o := &options{given: map[string]string{}}
	fs := flag.NewFlagSet("chatroom-bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		for _, s := range scenarios {
			_, _ = fmt.Fprintf(stderr, "  %-9s %s\n", s.name, s.about)
		}
		_, _ = fmt.Fprint(stderr, "\nFlags:\n")
		fs.PrintDefaults()
	}
	o.define(fs)
	// Flags may stand behind scenarios: "fanout --length full".
	for len(args) > 0 {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if args = fs.Args(); len(args) > 0 {
			o.scenarios, args = append(o.scenarios, args[0]), args[1:]
		}
	}
	fs.Visit(func(f *flag.Flag) { o.given[f.Name] = f.Value.String() })
	return o, o.validate()
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.length, "length", "short", "`short` (every scenario within three minutes) or full (the sizes of the published tables)")
	fs.DurationVar(&o.duration, "duration", 0, "measuring window of each load (default by scenario and length)")
	fs.DurationVar(&o.warmUp, "warm-up", 0, "traffic before the window (default by length)")
	fs.IntVar(&o.repeat, "repeat", 1, "runs of each load, the servers in turn; the median one is reported")
	fs.Func("url", "running server(s) instead of an own one: ws://host:port/ws, comma separated = nodes of a cluster", func(s string) error {
		for _, one := range strings.Split(s, ",") {
			target, err := targetOf(one)
			if err != nil {
				return err
			}
			o.urls = append(o.urls, target)
		}
		return nil
	})
	fs.Func("pid", "process id(s) of the running server, comma separated: CPU and memory are read there", func(s string) error {
		for _, one := range strings.Split(s, ",") {
			pid, err := strconv.Atoi(one)
			if err != nil {
				return fmt.Errorf("not a process id: %q", one)
			}
			o.pids = append(o.pids, pid)
		}
		return nil
	})
	fs.Func("metrics", "address(es) of the running server's private listener, host:port, comma separated: its own metrics are read there", func(s string) error {
		for _, one := range strings.Split(s, ",") {
			target, err := targetOf(one)
			if err != nil {
				return err
			}
			o.metrics = append(o.metrics, target)
		}
		return nil
	})
	fs.StringVar(&o.server, "server", "", "the server program (default: chatroom next to this program)")
	fs.StringVar(&o.redis, "redis", "", "Redis of the cluster scenarios, redis://host:port (default: an own redis-server; its data is not kept)")
	fs.StringVar(&o.peers, "peers", "", "`directory` of the peers' servers: they take the same load")
	fs.Func("subject", "only these servers: chatroom, limit-batched, limit-single or a peer, comma separated", func(s string) error {
		o.subjects = append(o.subjects, strings.Split(s, ",")...)
		return nil
	})
	fs.BoolVar(&o.noLimit, "no-limit", false, "leave the machine's limit out")
	fs.IntVar(&o.workers, "workers", 0, "load processes (default: as many as the connections need)")
	fs.Uint64Var(&o.seed, "seed", 1, "of the random choices of members")
	fs.DurationVar(&o.patience, "patience", 15*time.Second, "how long outstanding deliveries are waited for")
	fs.StringVar(&o.json, "json", "bench-result.json", "where the result goes; empty = nowhere")
	fs.StringVar(&o.html, "html", "bench-report.html", "where the page goes; empty = nowhere")
	fs.StringVar(&o.markdown, "markdown", "", "where the tables go as Markdown; empty = nowhere")
	fs.StringVar(&o.earlier, "compare", "", "an earlier result (JSON) to compare with")
	fs.Func("threshold", "variant.figure=value that must be kept, repeatable: fanout-1000.share_of_limit=0.5", func(s string) error {
		t, err := report.ParseThreshold(s)
		if err == nil {
			o.thresholds = append(o.thresholds, t)
		}
		return err
	})
	fs.BoolVar(&o.quiet, "quiet", false, "no live progress")
	fs.BoolVar(&o.list, "list", false, "name the scenarios and end")
}

// validate reports all faults at once and fills in what depends on others.
func (o *options) validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("chatroom-bench: "+format, args...))
	}
	if o.length != "short" && o.length != "full" {
		fault("--length %q: want short or full", o.length)
	}
	if o.repeat < 1 {
		fault("--repeat %d: want at least 1", o.repeat)
	}
	if o.duration < 0 || o.warmUp < 0 || o.workers < 0 {
		fault("--duration, --warm-up and --workers can't be negative")
	}
	if len(o.scenarios) == 1 && o.scenarios[0] == "all" {
		o.scenarios = nil
		for _, s := range scenarios {
			o.scenarios = append(o.scenarios, s.name)
		}
	}
	for _, name := range o.scenarios {
		if !slices.ContainsFunc(scenarios, func(s scenario) bool { return s.name == name }) {
			fault("no scenario %q; --help lists them", name)
		}
	}
	if runtime.GOOS != "linux" {
		fault("the harness uses epoll: it runs on Linux")
	}
	if o.server == "" {
		o.server = besideMe("chatroom")
	}
	return errors.Join(faults...)
}

// besideMe is a program in the same directory as this one.
func besideMe(name string) string {
	me, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(me), name)
}

// targetOf takes host:port out of a URL. The path is the contract's, and there is no TLS: a load
// program that encrypts measures its own CPU.
func targetOf(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "ws://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("not a URL: %w", err)
	}
	if u.Scheme != "ws" && u.Scheme != "http" || u.Hostname() == "" {
		return "", fmt.Errorf("%q: want ws://host:port", text)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return u.Hostname() + ":" + port, nil
}
