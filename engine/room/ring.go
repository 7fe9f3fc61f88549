package room

// Entry is one message in a Ring.
type Entry struct {
	Seq uint64
	ID  [16]byte
	At  int64 // Unix milliseconds

	// Frozen: shared by recipients, written by none.
	Bytes []byte
}

// Limits bound a Ring; a zero is no limit.
type Limits struct {
	Messages int
	Bytes    int
	Age      int64 // milliseconds
}

// entryOverhead is what an entry costs beside its bytes: the struct and the allocator's rounding.
const entryOverhead = 96

// Ring is the recent part of a room's log: entries with consecutive sequence numbers, the oldest
// of which goes when a limit is reached. It also remembers the id of the message before its
// oldest, so a position at that very edge can still be proven.
type Ring struct {
	// Owned by the room's home loop.
	entries []Entry // a power of two; entry of seq s stands at s & (len-1)
	first   uint64  // seq of the oldest entry
	next    uint64  // seq the next entry will have, 0 = nothing was ever put here
	before  [16]byte
	bytes   int
	oldest  int64 // At of the oldest entry: the look at its age must not fetch it
}

// Reset empties the ring: the next entry will have seq last+1 and follow the message id.
func (r *Ring) Reset(last uint64, id [16]byte) {
	*r = Ring{first: last + 1, next: last + 1, before: id}
}

// Append puts the next entry and trims to the limits; it returns the change of Bytes. The entry
// must have the seq of Next, anything else starts the ring anew there.
func (r *Ring) Append(e Entry, l Limits) (delta int) {
	held := r.bytes
	if e.Seq != r.next {
		r.Reset(e.Seq-1, [16]byte{})
	}
	if n := r.Len(); n == len(r.entries) {
		r.grow(max(8, 2*n))
	}
	if r.first == r.next {
		r.oldest = e.At
	}
	r.entries[e.Seq&uint64(len(r.entries)-1)] = e
	r.next++
	r.bytes += len(e.Bytes) + entryOverhead
	r.Trim(l, e.At)
	return r.bytes - held
}

func (r *Ring) grow(size int) {
	grown := make([]Entry, size)
	for s := r.first; s < r.next; s++ {
		grown[s&uint64(size-1)] = r.entries[s&uint64(len(r.entries)-1)]
	}
	r.entries = grown
}

// Trim drops what is over the limits at the time now (Unix milliseconds) and returns the change of
// Bytes. The newest entry stays whatever its size, unless it is too old.
func (r *Ring) Trim(l Limits, now int64) (delta int) {
	held := r.bytes
	for n := r.Len(); n > 0; n-- {
		over := l.Messages > 0 && n > l.Messages || l.Bytes > 0 && r.bytes > l.Bytes && n > 1
		if !over && (l.Age <= 0 || r.oldest >= now-l.Age) {
			break
		}
		r.dropFirst()
	}
	return r.bytes - held
}

// Halve drops the older half of the entries, at least one, and returns the change of Bytes: what a
// node does with its least recently used rooms when all of them together are too big.
func (r *Ring) Halve() (delta int) {
	held := r.bytes
	for n := (r.Len() + 1) / 2; n > 0; n-- {
		r.dropFirst()
	}
	if r.Len() == 0 {
		r.entries = nil
	} else if size := len(r.entries) / 2; size >= 8 && r.Len() <= size {
		r.grow(size)
	}
	return r.bytes - held
}

func (r *Ring) dropFirst() {
	e := r.at(r.first)
	r.before = e.ID
	r.bytes -= len(e.Bytes) + entryOverhead
	*e = Entry{}
	if r.first++; r.first < r.next {
		r.oldest = r.at(r.first).At
	}
}

func (r *Ring) at(seq uint64) *Entry { return &r.entries[seq&uint64(len(r.entries)-1)] }

// Len counts the entries.
func (r *Ring) Len() int { return int(r.next - r.first) }

// Bytes is what the entries cost.
func (r *Ring) Bytes() int { return r.bytes }

// Newest is the seq of the newest message that was put here, even if it was trimmed since.
func (r *Ring) Newest() uint64 {
	if r.next == 0 {
		return 0
	}
	return r.next - 1
}

// Oldest is the seq of the oldest entry; Newest+1 when the ring is empty.
func (r *Ring) Oldest() uint64 { return r.first }

// Get returns the entry of seq; ok is false when it is not here.
func (r *Ring) Get(seq uint64) (e Entry, ok bool) {
	if seq < r.first || seq >= r.next {
		return Entry{}, false
	}
	return *r.at(seq), true
}

// ID is the message id of seq, also for the message right before the oldest entry; ok is false
// when it is not known (any more).
func (r *Ring) ID(seq uint64) (id [16]byte, ok bool) {
	if seq+1 == r.first {
		return r.before, seq == 0 || r.before != [16]byte{}
	}
	e, ok := r.Get(seq)
	return e.ID, ok
}

// Recover decides on a position: the seq of the last message somebody saw, with its id or a zero
// id. ok means that everything behind it is here, from seq+1 on; otherwise continuity can't be
// proven.
func (r *Ring) Recover(seq uint64, id [16]byte) (ok bool) {
	if seq > r.Newest() || seq+1 < r.first {
		return false
	}
	if id == [16]byte{} {
		return true
	}
	known, ok := r.ID(seq)
	return ok && known == id
}
