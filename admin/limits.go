package admin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// The rate limits of the API (contract, section 3).
const (
	anonymousPerMinute = 20              // per address, in the cluster
	userPerMinute      = 600             // per user with a valid token, in the cluster
	bucketSize         = 4               // per address, on this node
	bucketEvery        = 5 * time.Second // one token
	limitPeriod        = time.Minute
	maxLimited         = 32768           // addresses per generation
	maxLimitTime       = time.Second     // for the cluster's answer; then the local window stands in
	maxBlindTime       = time.Second / 2 // for what is read behind that
)

// verdict is what the limits say of a request.
type verdict struct {
	ok    bool
	layer string        // which limit refused: "bucket", "address", "user"
	wait  time.Duration // until the request would pass
	blind bool          // the cluster's window could not be asked, the local one stood in
}

// limiter applies the limits. Any goroutine.
type limiter struct {
	// Immutable after open.
	allow func(ctx context.Context, key string, limit int) (ok bool, retryAfterMs int64, err error)
	now   func() time.Time

	// Guarded by mu.
	mu      sync.Mutex
	buckets aging[bucket]
	windows aging[window] // stands in for the cluster's while that can't be asked

	// Atomic; any goroutine.
	refusedBucket, refusedAddress, refusedUser atomic.Uint64
}

func newLimiter(allow func(context.Context, string, int) (bool, int64, error)) *limiter {
	return &limiter{
		allow: allow, now: time.Now,
		// A bucket that was left alone for its whole refill is full, so forgetting it changes nothing.
		buckets: aging[bucket]{period: bucketSize * bucketEvery, max: maxLimited},
		windows: aging[window]{period: limitPeriod, max: maxLimited},
	}
}

// anonymous judges a request without a valid token. A refused request costs no token.
func (l *limiter) anonymous(ctx context.Context, key string) verdict {
	now := l.now()
	l.mu.Lock()
	wait := l.buckets.get(key, now).take(now)
	l.mu.Unlock()
	if wait > 0 {
		l.refusedBucket.Add(1)
		return verdict{layer: "bucket", wait: wait}
	}
	v := l.window(ctx, "ip:"+key, anonymousPerMinute)
	if !v.ok {
		v.layer = "address"
		l.refusedAddress.Add(1)
		l.mu.Lock()
		l.buckets.get(key, now).giveBack()
		l.mu.Unlock()
	}
	return v
}

// user judges a request with a valid token.
func (l *limiter) user(ctx context.Context, name string) verdict {
	v := l.window(ctx, "user:"+name, userPerMinute)
	if !v.ok {
		v.layer = "user"
		l.refusedUser.Add(1)
	}
	return v
}

// window asks the cluster's sliding window, and one of this node when that fails.
func (l *limiter) window(ctx context.Context, key string, limit int) verdict {
	ok, ms, err := l.allow(ctx, key, limit)
	if err == nil {
		return verdict{ok: ok, wait: time.Duration(ms) * time.Millisecond}
	}
	now := l.now()
	l.mu.Lock()
	wait := l.windows.get(key, now).take(now, limit)
	l.mu.Unlock()
	return verdict{ok: wait == 0, wait: wait, blind: true}
}

// bucket is a token bucket, kept as the moment at which it will be full (the "theoretical arrival
// time" of the generic cell rate algorithm, ITU-T I.371): one value and no timer.
type bucket struct{ full time.Time }

// take takes a token, or says after what time there is one.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	full := b.full
	if full.Before(now) {
		full = now
	}
	if wait := full.Add(bucketEvery).Sub(now) - bucketSize*bucketEvery; wait > 0 {
		return wait
	}
	b.full = full.Add(bucketEvery)
	return 0
}

func (b *bucket) giveBack() { b.full = b.full.Add(-bucketEvery) }

// window is a sliding log of the moments at which requests passed.
type window struct{ passed []time.Time }

// take counts a request, or says after what time one passes; then it does not count.
func (w *window) take(now time.Time, limit int) (wait time.Duration) {
	first := 0
	for first < len(w.passed) && now.Sub(w.passed[first]) >= limitPeriod {
		first++
	}
	w.passed = w.passed[:copy(w.passed, w.passed[first:])]
	if len(w.passed) >= limit {
		return limitPeriod - now.Sub(w.passed[0])
	}
	w.passed = append(w.passed, now)
	return 0
}

// seconds rounds a wait up to whole seconds, as Retry-After wants it: whoever waits that long
// passes, and a second less would not do.
func seconds(wait time.Duration) int {
	return max(1, int((wait+time.Second-1)/time.Second))
}
