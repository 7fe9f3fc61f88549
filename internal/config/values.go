package config

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A reader of a setting takes its text and either sets the field or says what is wrong with it.

func text(into *string) func(string) error {
	return func(s string) error {
		*into = s
		return nil
	}
}

func oneOf(into *string, allowed ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(allowed, s) {
			return fmt.Errorf("%q is not %s", s, strings.Join(allowed, " or "))
		}
		*into = s
		return nil
	}
}

// address reads host:port; the host may be empty.
func address(into *string) func(string) error {
	return func(s string) error {
		_, port, err := net.SplitHostPort(s)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || strconv.FormatUint(n, 10) != port {
			return fmt.Errorf("%q is not host:port with a port from 0 to 65535", s)
		}
		*into = s
		return nil
	}
}

func integer(into *int, low, high int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			return fmt.Errorf("%q is not an integer from %d to %d", s, low, high)
		}
		*into = n
		return nil
	}
}

// duration reads a Go duration such as 30s, 1m30s or 67m; 0 needs no unit.
func duration(into *time.Duration, low, high time.Duration) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < low || d > high {
			return fmt.Errorf("%q is not a duration from %v to %v", s, low, high)
		}
		*into = d
		return nil
	}
}

// moment reads a time in RFC 3339, and an empty text as none.
func moment(into *time.Time) func(string) error {
	return func(s string) error {
		var at time.Time
		if s != "" {
			var err error
			if at, err = time.Parse(time.RFC3339, s); err != nil {
				return fmt.Errorf("%q is not a moment such as 2026-01-31T12:00:00Z", s)
			}
		}
		*into = at.UTC()
		return nil
	}
}

var units = map[string]float64{
	"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
}

var sizeForm = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?([A-Za-z]*)$`)

// size reads bytes: 1048576, 512KiB, 1.5MiB, 2GB.
func size[T int | int64](into *T, low, high int64) func(string) error {
	return func(s string) error {
		n, ok := bytesOf(s)
		if !ok || n < float64(low) || n > float64(high) {
			return fmt.Errorf("%q is not a size from %d to %d bytes (such as 512KiB or 1MiB)", s, low, high)
		}
		*into = T(n)
		return nil
	}
}

func bytesOf(s string) (n float64, ok bool) {
	parts := sizeForm.FindStringSubmatch(s)
	if parts == nil {
		return 0, false
	}
	unit, ok := units[parts[2]]
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	n *= unit
	return n, err == nil && n == math.Trunc(n)
}

var rateForm = regexp.MustCompile(`^(\d+(?:\.\d+)?)/(s|m|h)(?: burst (\d+))?$`)

// rate reads "5/s burst 10", also per m or h; without a burst it is one second's worth, at least 1.
// "0" is no limit.
func rate(into *Rate) func(string) error {
	return func(s string) error {
		if s == "0" {
			*into = Rate{}
			return nil
		}
		parts := rateForm.FindStringSubmatch(s)
		if parts == nil {
			return fmt.Errorf("%q is not a rate such as 5/s burst 10, nor 0", s)
		}
		n, err := strconv.ParseFloat(parts[1], 64)
		r := Rate{PerSecond: n / map[string]float64{"s": 1, "m": 60, "h": 3600}[parts[2]]}
		r.Burst = int(math.Ceil(min(r.PerSecond, math.MaxInt32)))
		if err == nil && parts[3] != "" {
			r.Burst, err = strconv.Atoi(parts[3])
		}
		if err != nil || r.PerSecond == 0 || r.PerSecond > 1e9 || r.Burst < 1 || r.Burst > 1e9 {
			return fmt.Errorf("%q needs a rate and a burst from more than 0 to 1e9; 0 alone is no limit", s)
		}
		*into = r
		return nil
	}
}

// roomLog reads messages/age/bytes.
func roomLog(into *RoomLog) func(string) error {
	return func(s string) error {
		var log RoomLog
		parts := strings.Split(s, "/")
		if len(parts) != 3 {
			return fmt.Errorf("%q is not messages/age/bytes such as 1000/67m/1MiB", s)
		}
		for i, read := range []func(string) error{
			integer(&log.Messages, 1, 100_000),
			duration(&log.Age, time.Second, 7*24*time.Hour),
			size(&log.Bytes, 64<<10, 1<<30),
		} {
			if err := read(strings.TrimSpace(parts[i])); err != nil {
				return fmt.Errorf("%q: %w", s, err)
			}
		}
		*into = log
		return nil
	}
}

// maxIDs is how many ids a range may have: each is a bit in memory. maxID leaves room to grow by a
// digit and still be exact in every JSON reader.
const (
	maxIDs = 1 << 27
	maxID  = 999_999_999_999
)

// idRange reads first-last.
func idRange(into *IDRange) func(string) error {
	return func(s string) error {
		first, last, _ := strings.Cut(s, "-")
		low, err1 := strconv.ParseUint(first, 10, 64)
		high, err2 := strconv.ParseUint(last, 10, 64)
		if err1 != nil || err2 != nil || low < 1 || high < low || high > maxID || high-low >= maxIDs {
			return fmt.Errorf("%q is not a range first-last of at most %d ids within 1 and %d", s, maxIDs, uint64(maxID))
		}
		*into = IDRange{low, high}
		return nil
	}
}

// list splits at commas and leaves out what is empty.
func list(s string) (items []string) {
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// prefixes reads CIDRs and single addresses.
func prefixes(into *[]netip.Prefix) func(string) error {
	return func(s string) error {
		var all []netip.Prefix
		for _, item := range list(s) {
			p, err := netip.ParsePrefix(item)
			if err != nil {
				var address netip.Addr
				if address, err = netip.ParseAddr(item); err == nil {
					p, err = address.Unmap().Prefix(address.Unmap().BitLen())
				}
			}
			if err != nil {
				return fmt.Errorf("%q is not a network such as 10.0.0.0/8, nor an address", item)
			}
			all = append(all, p.Masked())
		}
		*into = all
		return nil
	}
}

// origins reads origins (RFC 6454, section 6.2).
func origins(into *[]string) func(string) error {
	return func(s string) error {
		all := list(s)
		for _, item := range all {
			u, err := url.Parse(item)
			if err != nil || u.Host == "" || item != u.Scheme+"://"+u.Host || u.Scheme != "http" && u.Scheme != "https" {
				return fmt.Errorf("%q is not an origin such as https://chat.example.org", item)
			}
		}
		*into = all
		return nil
	}
}

var redisSchemes = []string{"redis", "rediss", "redis+cluster", "redis+sentinel"}

// redisURL checks the scheme and that there is an address; the rest is known to the package that
// connects. The message does not show the URL, which may hold a password.
func redisURL(into *string) func(string) error {
	return func(s string) error {
		scheme, rest, _ := strings.Cut(s, "://")
		authority, _, _ := strings.Cut(rest, "/")
		hosts := authority[strings.LastIndexByte(authority, '@')+1:]
		if s != "" && (!slices.Contains(redisSchemes, scheme) || hosts == "") {
			return fmt.Errorf("must begin with %s:// and an address", strings.Join(redisSchemes, "://, "))
		}
		*into = s
		return nil
	}
}
