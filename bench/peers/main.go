// Command peer is a minimal room broadcaster on a Go library that others use for the same work: it
// takes the same load as the chat server, so that figures of one run stand side by side. It is a
// module of its own: nothing of it is in the product.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: peer gws|centrifuge --port N [--redis URL]")
	}
	flags := flag.NewFlagSet("peer", flag.ExitOnError)
	port := flags.Int("port", 0, "where to listen on the loopback address")
	redis := flags.String("redis", "", "Redis between several nodes (centrifuge)")
	_ = flags.Parse(os.Args[2:]) // ExitOnError
	address := fmt.Sprintf("127.0.0.1:%d", *port)
	switch os.Args[1] {
	case "gws":
		fail("gws:", serveGWS(address))
	case "centrifuge":
		fail("centrifuge:", serveCentrifuge(address, *redis))
	default:
		fail("no peer", os.Args[1])
	}
}

func fail(words ...any) {
	_, _ = fmt.Fprintln(os.Stderr, words...)
	os.Exit(1)
}
