package servers

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build compiles the chatroom program into dir and returns its path. args are added to go build,
// for example "-race" or "-tags=mutation".
func Build(dir string, args ...string) (string, error) {
	out := filepath.Join(dir, "chatroom")
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, args...), "chatroom")...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("servers: go build: %w\n%s", err, text)
	}
	return out, nil
}
