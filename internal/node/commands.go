package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"chatroom/admin"
	"chatroom/internal/config"
)

const (
	// healthTimeout bounds a health check; what runs containers gives up after 2 to 5 s.
	healthTimeout = 2 * time.Second
	// maxPassword is the most bytes of a password: a login has no room for more.
	maxPassword = 4 << 10
)

// CheckHealth asks the node that runs on this machine with the same settings whether it lives, and
// returns an error when it does not say so within 2 s. Any goroutine.
func CheckHealth(ctx context.Context, s config.Settings) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	return admin.CheckHealth(ctx, healthURL(s))
}

// healthURL is where a node with these settings says that it lives, as seen from its own machine.
func healthURL(s config.Settings) string {
	if s.HealthURL != "" {
		return s.HealthURL
	}
	return "http://" + local(s.AdminListen) + "/health"
}

// Passwd reads a password, the first line of in without its end, and writes its argon2id hash and
// a newline. It fails for an empty password and for one of more than 4 KiB. Any goroutine.
func Passwd(in io.Reader, out io.Writer) error {
	line, err := bufio.NewReader(io.LimitReader(in, maxPassword+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("node: read the password: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if len(password) > maxPassword {
		return fmt.Errorf("node: the password has more than %d bytes", maxPassword)
	}
	hash, err := admin.HashPassword(password)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, hash); err != nil {
		return fmt.Errorf("node: write the hash: %w", err)
	}
	return nil
}
