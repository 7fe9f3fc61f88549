// Command echo sends every WebSocket message back, on gnet and wsproto and nothing else, by the same
// rules of framing as the chat server. It exists for conformance suites and for measuring wsproto
// without chat. Flags: see -help. It runs until SIGINT or SIGTERM.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"chatroom/wsproto"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

// run serves until ctx ends and returns the exit code: 2 for bad flags, 1 when serving fails.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("echo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:9001", "TCP address to listen on")
	var o options
	flags.BoolVar(&o.binary, "binary", false, "echo binary messages too instead of closing with 1003")
	flags.StringVar(&o.protocol, "protocol", "", "subprotocol to choose when it is offered")
	flags.IntVar(&o.limits.Message, "message", wsproto.DefaultMessage, "greatest message in bytes")
	flags.IntVar(&o.limits.Fragments, "fragments", wsproto.DefaultFragments, "greatest number of fragments of a message")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := o.limits.Validate(); err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	ready := func(addr string, _ func() int) { fmt.Fprintln(stderr, "listening on", addr) }
	if err := serve(ctx, *listen, o, ready); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
