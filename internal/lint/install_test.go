package lint

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bare makes a directory with the few programs that .ci/install itself calls.
func bare(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"sh", "dirname", "id", "env", "sed", "true"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// install runs a copy of .ci/install in which nothing outside of dir is found.
func install(t *testing.T, dir string) (output string, code int) {
	t.Helper()
	repository := t.TempDir()
	if err := os.Mkdir(filepath.Join(repository, ".ci"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"install", "versions"} {
		text := bytes.ReplaceAll(read(t, filepath.Join(root(t), ".ci", name)), []byte("/usr/sbin:/sbin"), []byte("/nowhere"))
		if err := os.WriteFile(filepath.Join(repository, ".ci", name), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(dir, "sh"), filepath.Join(repository, ".ci", "install"))
	cmd.Env = []string{"PATH=" + dir}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestInstallNamesWhatIsMissing(t *testing.T) {
	out, code := install(t, bare(t))
	if code == 0 {
		t.Fatalf("succeeded: %s", out)
	}
	for _, program := range []string{"git", "gcc", "redis-server", "redis-cli", "nginx", "chromium", "promtool", "openssl", "node"} {
		if !strings.Contains(out, program+":") {
			t.Errorf("no word of %s in %s", program, out)
		}
	}
}

// TestInstallAsksAptForWhatIsMissing gives the script an apt-get that writes down what it is asked
// for, and brings the programs.
func TestInstallAsksAptForWhatIsMissing(t *testing.T) {
	dir := bare(t)
	record := filepath.Join(t.TempDir(), "record")
	script := "#!/bin/sh\necho \"$@\" >>" + record + "\ncase \"$*\" in *install*) ;; *) exit 1 ;; esac\n" +
		"for p in git gcc redis-server redis-cli nginx chromium promtool openssl node npm; do\n" +
		"printf '#!/bin/sh\\n' >" + dir + "/$p; " + chmod(t) + " +x " + dir + "/$p; done\n"
	for name, text := range map[string]string{"apt-get": script, "sudo": "#!/bin/sh\nshift; exec \"$@\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, code := install(t, dir)
	// With everything else there, what is left to miss is Go.
	if code == 0 || !strings.Contains(out, "Go") || strings.Contains(out, "missing after") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	asked := string(read(t, record))
	for _, name := range []string{"update", "nginx-light", "redis-tools", "prometheus", "nodejs"} {
		if !strings.Contains(asked, name) {
			t.Errorf("apt-get was not asked for %s: %s", name, asked)
		}
	}
}

func chmod(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chmod")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
