package room

import "github.com/puzpuzpuz/xsync/v4"

// Registry finds a live value by its number: *Room by room id, *session by client id. Reads take
// no lock and write nothing shared, so loops can ask on the way of every message.
//
// The map is a cache-line hash table (Herlihy and Shavit's striped design, see xsync); a map under
// an RWMutex was rejected because its reader count is one cache line that all loops write.
type Registry[V any] struct {
	// Atomic; any goroutine.
	values *xsync.Map[uint64, *V]
}

// NewRegistry makes an empty registry.
func NewRegistry[V any]() *Registry[V] {
	return &Registry[V]{values: xsync.NewMap[uint64, *V]()}
}

// Find returns the value of id, or nil. Any goroutine.
func (r *Registry[V]) Find(id uint64) *V {
	v, _ := r.values.Load(id)
	return v
}

// FindOrAdd returns the value of id and makes it when there is none; made says which. make runs
// under the lock of a few neighbouring ids and must not use the registry. Any goroutine.
func (r *Registry[V]) FindOrAdd(id uint64, make func() *V) (v *V, made bool) {
	v, found := r.values.LoadOrCompute(id, func() (*V, bool) { return make(), false })
	return v, !found
}

// Put sets the value of id and returns the one it replaced, or nil. Any goroutine.
func (r *Registry[V]) Put(id uint64, v *V) (former *V) {
	former, loaded := r.values.LoadAndStore(id, v)
	if !loaded {
		return nil
	}
	return former
}

// Drop removes id only while it still stands for v: a late goodbye never removes a successor. Any
// goroutine.
func (r *Registry[V]) Drop(id uint64, v *V) {
	r.values.Compute(id, func(now *V, loaded bool) (*V, xsync.ComputeOp) {
		if loaded && now == v {
			return nil, xsync.DeleteOp
		}
		return now, xsync.CancelOp
	})
}

// Len counts the values; it may be off by those that change meanwhile. Any goroutine.
func (r *Registry[V]) Len() int { return r.values.Size() }

// Each calls yield for every value until it returns false. Values that change meanwhile may be
// seen or not. Any goroutine.
func (r *Registry[V]) Each(yield func(id uint64, v *V) bool) {
	r.values.Range(yield)
}
