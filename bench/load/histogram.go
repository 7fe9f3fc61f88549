package load

import (
	"fmt"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Histogram counts durations in microseconds with three significant digits up to ten minutes
// (HdrHistogram). One goroutine.
type Histogram struct{ h *hdr.Histogram }

const highestMicros = int64(10 * time.Minute / time.Microsecond)

// NewHistogram makes an empty one.
func NewHistogram() *Histogram { return &Histogram{hdr.New(1, highestMicros, 3)} }

// Record counts one duration. Shorter than a microsecond counts as one microsecond, longer than
// the range as its end: a measurement is never dropped.
func (h *Histogram) Record(d time.Duration) {
	us := min(max(d.Microseconds(), 1), highestMicros)
	if err := h.h.RecordValue(us); err != nil {
		panic(fmt.Sprintf("load: clamped value %d refused: %v", us, err))
	}
}

// Merge adds everything o counted.
func (h *Histogram) Merge(o *Histogram) { h.h.Merge(o.h) }

// Reset forgets everything.
func (h *Histogram) Reset() { h.h.Reset() }

// Count is the number of recorded durations.
func (h *Histogram) Count() int64 { return h.h.TotalCount() }

// Percentile is the duration in microseconds that p percent (0–100) do not exceed; 0 when empty.
func (h *Histogram) Percentile(p float64) int64 { return h.h.ValueAtPercentile(p) }

// Max is the longest duration in microseconds.
func (h *Histogram) Max() int64 { return h.h.Max() }

// Encode gives the compressed V2 form that Decode reads.
func (h *Histogram) Encode() []byte {
	b, err := h.h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil {
		panic(fmt.Sprintf("load: encode histogram: %v", err))
	}
	return b
}

// DecodeHistogram reads what Encode wrote. Empty input is an empty histogram.
func DecodeHistogram(b []byte) (*Histogram, error) {
	if len(b) == 0 {
		return NewHistogram(), nil
	}
	h, err := hdr.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("load: histogram: %w", err)
	}
	return &Histogram{h}, nil
}
