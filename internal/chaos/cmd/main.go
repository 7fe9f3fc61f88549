// Cmd is `make chaos`: one run of trouble, its report, and exit code 1 when the promise was broken.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"chatroom/internal/chaos"
)

func main() {
	binary := flag.String("binary", "bin/chatroom", "the program under test")
	seed := flag.Uint64("seed", 1, "what the nemesis follows")
	duration := flag.Duration("duration", time.Minute, "of trouble")
	rooms := flag.Int("rooms", 4, "of six people each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, *binary, *seed, *duration, *rooms)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(ctx context.Context, binary string, seed uint64, duration time.Duration, rooms int) (int, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		return 1, err
	}
	report, err := chaos.Run(ctx, chaos.Config{Binary: binary, Dir: dir, Seed: seed, Duration: duration, Rooms: rooms,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return 1, fmt.Errorf("%w\nthe files of the run are in %s", err, dir)
	}
	fmt.Println(report)
	if !report.Verdict.Clean() {
		return 1, fmt.Errorf("the promise was broken; the files of the run are in %s", dir)
	}
	return 0, os.RemoveAll(dir)
}
