package machine

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Description is where and with what a result was measured.
type Description struct {
	CPU      string `json:"cpu"`
	CPUs     int    `json:"cpus"`
	MemoryMB int64  `json:"memoryMB"`
	Kernel   string `json:"kernel"`
	Go       string `json:"go"`
	Commit   string `json:"commit"`
	Files    int    `json:"files"` // limit of open files
}

// Describe looks at this machine and this program.
func Describe() Description {
	d := Description{CPUs: runtime.NumCPU(), Go: runtime.Version(), CPU: cpuModel(), Commit: commit()}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		d.Kernel = unix.ByteSliceToString(name.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		d.MemoryMB = int64(info.Totalram) * int64(info.Unit) >> 20
	}
	d.Files, _ = FileLimit()
	return d
}

func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// commit is what the toolchain stamped into the program; a build without a stamp asks git.
func commit() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		var revision, modified string
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				if changed, _ := strconv.ParseBool(s.Value); changed {
					modified = "+changes"
				}
			}
		}
		if revision != "" {
			return revision[:min(12, len(revision))] + modified
		}
	}
	if out, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	return "unknown"
}
