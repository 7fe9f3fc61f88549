package machine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime is the user and system time that the processes have used, ended threads included, as the
// kernel's scheduler counts it. /proc/PID/stat has the same sum in ticks of 10 ms: in a window of
// two seconds that a server is busy for a tenth of, an error of 5 %.
func CPUTime(pids ...int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		// The clock of another process, as clock_getcpuclockid(3) names it.
		const schedulerClock = 2
		clock := int32(^pid)<<3 | schedulerClock
		var used unix.Timespec
		if err := unix.ClockGettime(clock, &used); err != nil {
			return 0, fmt.Errorf("machine: CPU time of %d: %w", pid, err)
		}
		sum += time.Duration(used.Nano())
	}
	return sum, nil
}

// clockTick is the unit of times in /proc/stat (USER_HZ, which Linux fixes at 100 on all common
// architectures).
const clockTick = 10 * time.Millisecond

// Busy is how long all CPUs together have not been idle since the machine started, time that the
// host kept from them included.
func Busy() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("machine: busy time: %w", err)
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(line)
	const user, idle, waiting, steal = 1, 4, 5, 8 // proc(5); what follows is counted in user already
	if len(fields) <= steal {
		return 0, errors.New("machine: busy time: malformed /proc/stat")
	}
	var sum time.Duration
	for i := user; i <= steal; i++ {
		ticks, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("machine: busy time: %w", err)
		}
		if i != idle && i != waiting {
			sum += time.Duration(ticks) * clockTick
		}
	}
	return sum, nil
}

// Memory is the resident memory of the processes in bytes.
func Memory(pids ...int) (int64, error) {
	var sum int64
	for _, pid := range pids {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, fmt.Errorf("machine: memory: %w", err)
		}
		kib, err := field(rollup, "Rss:")
		if err != nil {
			return 0, err
		}
		sum += kib << 10
	}
	return sum, nil
}

// SocketMemory is the kernel memory of all TCP buffers in bytes, and the number of TCP sockets in
// use.
func SocketMemory() (size, sockets int64, err error) {
	stat, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, 0, fmt.Errorf("machine: socket memory: %w", err)
	}
	for line := range strings.Lines(string(stat)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(fields); i += 2 {
			n, err := strconv.ParseInt(fields[i+1], 10, 64)
			if err != nil {
				return 0, 0, fmt.Errorf("machine: socket memory: %w", err)
			}
			switch fields[i] {
			case "inuse":
				sockets = n
			case "mem":
				size = n * int64(os.Getpagesize())
			}
		}
	}
	return size, sockets, nil
}

// SlabMemory is the kernel's slab memory in bytes: the socket structures themselves live there.
func SlabMemory() (int64, error) {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("machine: slab memory: %w", err)
	}
	kib, err := field(info, "Slab:")
	return kib << 10, err
}

// field reads the number behind name in a file of "Name: number kB" lines.
func field(text []byte, name string) (int64, error) {
	_, after, found := bytes.Cut(text, []byte(name))
	fields := bytes.Fields(after)
	if !found || len(fields) == 0 {
		return 0, fmt.Errorf("machine: no %s in /proc", name)
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("machine: %s: %w", name, err)
	}
	return n, nil
}

// FileLimit raises the soft limit of open files to the hard one and returns it.
func FileLimit() (int, error) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, fmt.Errorf("machine: file limit: %w", err)
	}
	r.Cur = r.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, fmt.Errorf("machine: file limit: %w", err)
	}
	return int(min(r.Cur, 1<<30)), nil
}
