package admin

import "time"

// aging is a map that forgets: an entry that was not touched for a period is gone after two, and
// it never holds more than twice max entries. Two generations of a plain map do it without a
// timer, a list or a sweep. When a flood of keys fills a generation before its period is over,
// the older one is dropped early: memory is bounded before precision is.
type aging[V any] struct {
	// Immutable after open.
	period time.Duration
	max    int

	// Guarded by mu. (of the owner)
	young, old map[string]*V
	born       time.Time // of the young generation
}

// get finds or makes the entry of key and counts it as touched. The owner's lock is held.
func (m *aging[V]) get(key string, now time.Time) *V {
	switch age := now.Sub(m.born); {
	case m.young == nil || age >= 2*m.period || age < 0:
		m.young, m.old, m.born = make(map[string]*V), nil, now
	case age >= m.period || len(m.young) >= m.max:
		m.young, m.old, m.born = make(map[string]*V), m.young, now
	}
	if v, ok := m.young[key]; ok {
		return v
	}
	v, ok := m.old[key]
	if !ok {
		v = new(V)
	}
	m.young[key] = v
	return v
}

// len is the number of entries held, those touched in both generations counted twice.
func (m *aging[V]) len() int { return len(m.young) + len(m.old) }
