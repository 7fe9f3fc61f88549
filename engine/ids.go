package engine

import (
	"math/bits"
	"math/rand/v2"
	"strconv"
)

// idPool hands out the numbers of a range, each at most once until it comes back, and late again:
// a cursor goes round the range. When the range is full the numbers of one digit more follow, so
// it never runs out and never collides.
type idPool struct {
	// Guarded by mu (its owner's).
	spans []*idSpan
}

// idSpan is one range: a bit for each number that is out.
type idSpan struct {
	first, last uint64
	out         []uint64
	taken       uint64
	cursor      uint64
}

// maxSpans bounds the growth: five digits and three more are a hundred million ids, whose bits
// are 12 MB.
const maxSpans = 4

func newIDPool(r IDRange) *idPool {
	return &idPool{spans: []*idSpan{newSpan(r.First, r.Last)}}
}

func newSpan(first, last uint64) *idSpan {
	return &idSpan{
		first: first, last: last, out: make([]uint64, (last-first)/64+1),
		cursor: rand.Uint64N(last - first + 1), // a restart does not begin with the ids of the last run
	}
}

// draw returns a free number; ok is false when there is none at all.
func (p *idPool) draw() (id uint64, ok bool) {
	for _, s := range p.spans {
		if id, ok = s.draw(); ok {
			return id, true
		}
	}
	if len(p.spans) == maxSpans {
		return 0, false
	}
	// The smallest power of ten above the last range, up to the next: one digit more.
	first := uint64(1)
	for range len(strconv.FormatUint(p.spans[len(p.spans)-1].last, 10)) {
		first *= 10
	}
	if first > 1e8 {
		return 0, false
	}
	s := newSpan(first, first*10-1)
	p.spans = append(p.spans, s)
	return s.draw()
}

func (s *idSpan) draw() (id uint64, ok bool) {
	size := s.last - s.first + 1
	if s.taken == size {
		return 0, false
	}
	for {
		word := s.cursor / 64
		// Free numbers of this word from the cursor on.
		free := ^s.out[word] &^ (1<<(s.cursor%64) - 1)
		if free != 0 {
			if at := word*64 + uint64(bits.TrailingZeros64(free)); at < size {
				s.out[word] |= 1 << (at % 64)
				s.taken++
				s.cursor = (at + 1) % size
				return s.first + at, true
			}
		}
		if s.cursor = (word + 1) * 64; s.cursor >= size {
			s.cursor = 0
		}
	}
}

// free takes a number back.
func (p *idPool) free(id uint64) {
	for _, s := range p.spans {
		if id < s.first || id > s.last {
			continue
		}
		at := id - s.first
		if bit := uint64(1) << (at % 64); s.out[at/64]&bit != 0 {
			s.out[at/64] &^= bit
			s.taken--
		}
		return
	}
}
