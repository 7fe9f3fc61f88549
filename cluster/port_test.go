package cluster

import (
	"testing"

	"chatroom/internal/servers"
)

// freePort returns a port that nobody of this process was given before and nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	port, err := servers.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}
