package engine

import (
	"hash/maphash"

	"chatroom/internal/chat"
)

// Promise 3: a client's id counts once within five minutes, however much was said meanwhile.
const dedupeWindow = 5 * 60 * 1000 // milliseconds

// dedupeSpan is what one generation covers: an entry lives between dedupeWindow and that plus one
// span.
const dedupeSpan = 60 * 1000

// The keys of dedupe: 128 bits of two keyed hashes, drawn once per process.
var dedupeSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// dedupeKey stands for (session, client's id). 128 keyed bits instead of the strings keep the maps
// free of pointers, which the collector then does not walk; two messages of one room would have to
// collide by a chance of 2^-128 for one to be taken for the other.
type dedupeKey [2]uint64

type dedupePlace struct {
	seq     uint64
	at      int64
	message chat.MessageID
}

// dedupe remembers what was accepted, in one map per minute: old ones go as a whole, so there is
// no queue to keep and nothing to walk.
type dedupe struct {
	// Guarded by mu (the room's).
	generations []generation // oldest first
}

type generation struct {
	began  int64
	places map[dedupeKey]dedupePlace
}

func keyOf(nonce chat.Nonce, id string) dedupeKey {
	var buf [len(nonce) + chat.MaxRequestID]byte
	b := append(append(buf[:0], nonce[:]...), id...)
	return dedupeKey{maphash.Bytes(dedupeSeeds[0], b), maphash.Bytes(dedupeSeeds[1], b)}
}

// find returns the place that a former try got.
func (d *dedupe) find(key dedupeKey) (dedupePlace, bool) {
	for i := len(d.generations) - 1; i >= 0; i-- {
		if p, ok := d.generations[i].places[key]; ok {
			return p, true
		}
	}
	return dedupePlace{}, false
}

// put remembers a place, given at the time now (Unix milliseconds).
func (d *dedupe) put(key dedupeKey, p dedupePlace, now int64) {
	n := len(d.generations)
	if n == 0 || now-d.generations[n-1].began >= dedupeSpan {
		d.expire(now)
		d.generations = append(d.generations, generation{began: now, places: make(map[dedupeKey]dedupePlace)})
		n = len(d.generations)
	}
	d.generations[n-1].places[key] = p
}

// expire drops the generations whose last entry is older than the window.
func (d *dedupe) expire(now int64) {
	for len(d.generations) > 0 && now-d.generations[0].began > dedupeWindow+dedupeSpan {
		d.generations[0] = generation{}
		d.generations = d.generations[1:]
	}
	if len(d.generations) == 0 {
		d.generations = nil
	}
}
