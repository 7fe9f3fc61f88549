// Chatroom is a chat server: one binary, more nodes with Redis between them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"chatroom/internal/config"
	"chatroom/internal/node"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer, stderr *os.File) int {
	settings, err := config.Parse(args, os.Environ(), stdout, node.Check)
	if err == nil {
		switch settings.Command {
		case config.Healthcheck:
			err = node.CheckHealth(ctx, settings)
		case config.Passwd:
			err = node.Passwd(stdin, stdout)
		default:
			err = serve(ctx, settings, stderr)
		}
	}
	if err != nil && !errors.Is(err, config.ErrAnswered) {
		fmt.Fprintln(stderr, err)
	}
	return config.ExitCode(err)
}

// serve runs a node until SIGTERM or SIGINT; a second signal ends the process at once.
func serve(ctx context.Context, s config.Settings, stderr *os.File) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(1)
	}()
	return node.Run(ctx, s, logger(s, stderr))
}

func logger(s config.Settings, out *os.File) *slog.Logger {
	o := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == "text" || s.LogFormat == "" && term.IsTerminal(int(out.Fd())) {
		return slog.New(slog.NewTextHandler(out, o))
	}
	return slog.New(slog.NewJSONHandler(out, o))
}
