// Command chatroom-bench is the load harness: it starts the chat server (or uses a running one),
// puts scenarios of load on it, checks every delivery, and sets the figures beside those of the
// least a broadcaster can do on the same machine. It knows the server only by its contract.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"chatroom/bench/limit"
	"chatroom/bench/load"
	"chatroom/bench/machine"
)

// The program starts itself in other roles: as a worker that carries load and as the limit.
const (
	roleWorker = "worker-process"
	roleLimit  = "limit-process"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run returns the exit code: 0 all good, 1 a fault, a failed threshold or a broken run, 2 wrong
// usage.
func run(args []string, stdin, stdout *os.File, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case roleWorker:
			return worker(stdin, stdout, stderr)
		case roleLimit:
			return serveLimit(args[1:], stdin, stdout, stderr)
		}
	}
	o, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 2
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := bench(ctx, o, stdout, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// worker carries load on command. Its heap is small and lives as long as the run: collecting it
// would only disturb the clock.
func worker(stdin, stdout *os.File, stderr io.Writer) int {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(2 << 30)
	if _, err := machine.FileLimit(); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
	}
	if err := load.Serve(stdin, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// serveLimit is the limit as a process: it prints its port and serves until its standard input
// ends.
func serveLimit(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	_, err := machine.FileLimit()
	var s *limit.Server
	if err == nil && len(args) == 1 {
		s, err = limit.New("127.0.0.1:0", limit.Writes(args[0]))
	}
	if err != nil || s == nil {
		_, _ = fmt.Fprintln(stderr, "limit:", err)
		return 1
	}
	_, _ = fmt.Fprintln(stdout, s.Port())
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		s.Stop()
	}()
	if err := s.Run(); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
