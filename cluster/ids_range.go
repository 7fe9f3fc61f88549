package cluster

import (
	"math"
	"strconv"
)

// maxID is the highest id: what a JSON number carries exactly.
const maxID = 1<<53 - 1

// idRange is one width of ids: the configured range first, then all ids of one digit more, and so
// on. Each has its own keys in Redis.
type idRange struct {
	low, size uint64
}

// widen returns range n of those that begin with first; ok is false when ids have ended.
func widen(first IDRange, n int) (r idRange, ok bool) {
	low, high := first.Low, first.High
	for range n {
		digits := len(strconv.FormatUint(high, 10))
		low = uint64(math.Pow10(digits))
		if low > maxID {
			return idRange{}, false
		}
		high = min(low*10-1, maxID)
	}
	return idRange{low: low, size: high - low + 1}, true
}

// rangeOf finds the range that holds id.
func rangeOf(first IDRange, id uint64) (r idRange, ok bool) {
	for n := 0; ; n++ {
		if r, ok = widen(first, n); !ok {
			return r, false
		}
		if id >= r.low && id-r.low < r.size {
			return r, true
		}
	}
}

// key is a key of the range, of kind "c" (clients) or "r" (rooms).
func (r idRange) key(k *keyspace, kind, name string) string {
	return k.tagged("ids", kind+":"+strconv.FormatUint(r.low, 10)+":"+name)
}
