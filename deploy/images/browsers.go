package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// browsers are real pages in Chromium that chat with each other (pages.mjs).
type browsers struct {
	// Immutable after open.
	cmd     *exec.Cmd
	input   io.WriteCloser
	answers *bufio.Scanner
	trouble *bytes.Buffer
}

// openBrowsers opens pages of the address and lets people chat in them. They end with ctx.
func openBrowsers(ctx context.Context, url string, pages int) (*browsers, error) {
	b := &browsers{cmd: exec.CommandContext(ctx, "node", "deploy/images/pages.mjs", url, strconv.Itoa(pages)), trouble: &bytes.Buffer{}}
	b.cmd.Stderr = b.trouble
	// Asked to end, node takes its browser along.
	b.cmd.Cancel = func() error { return b.cmd.Process.Signal(syscall.SIGTERM) }
	b.cmd.WaitDelay = 10 * time.Second
	input, err1 := b.cmd.StdinPipe()
	output, err2 := b.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, b.cmd.Start()); err != nil {
		return nil, fmt.Errorf("browsers: %w", err)
	}
	b.input, b.answers = input, bufio.NewScanner(output)
	answer, err := b.next()
	if err == nil && answer != "ready" {
		err = fmt.Errorf("browsers: %q", answer)
	}
	return b, err
}

func (b *browsers) next() (string, error) {
	if !b.answers.Scan() {
		return "", fmt.Errorf("browsers: %w\n%s", errors.Join(b.answers.Err(), b.cmd.Wait()), b.trouble)
	}
	return b.answers.Text(), nil
}

func (b *browsers) ask(what string) (string, error) {
	if _, err := io.WriteString(b.input, what+"\n"); err != nil {
		return "", fmt.Errorf("browsers: %w\n%s", errors.Join(err, b.cmd.Wait()), b.trouble)
	}
	return b.next()
}

// heard is how many texts the slowest page has shown.
func (b *browsers) heard() (int, error) {
	answer, err := b.ask("heard")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(answer)
}

// outage is the longest that a page was without its room since the last call.
func (b *browsers) outage() (time.Duration, error) {
	answer, err := b.ask("outage")
	if err != nil {
		return 0, err
	}
	ms, err := strconv.Atoi(answer)
	return time.Duration(ms) * time.Millisecond, err
}

// finish lets everybody get the last texts and compares what the pages show.
func (b *browsers) finish() (verdict string, err error) {
	if verdict, err = b.ask("finish"); err != nil {
		return "", err
	}
	if err := b.cmd.Wait(); err != nil {
		return "", fmt.Errorf("browsers: %w\n%s", err, b.trouble)
	}
	return verdict, nil
}
