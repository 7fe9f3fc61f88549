package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// errNoReplica says that no replica had a batch in time. It is offered again and answers with its
// places then.
var errNoReplica = errors.New("cluster: no replica has the messages yet")

// replicaWriters send publishes under AckReplica: each primary gets one connection of its own,
// because WAIT counts only the writes of its connection.
type replicaWriters struct {
	// Immutable after open.
	rooms *rooms

	// Guarded by mu.
	mu      sync.Mutex
	writers map[string]*executor
	closed  bool
}

func newReplicaWriters(r *rooms) *replicaWriters {
	return &replicaWriters{rooms: r, writers: map[string]*executor{}}
}

// submit takes a job to the primary of its partition. Any goroutine.
func (w *replicaWriters) submit(part int, j *job, s *shard) {
	j.shard = s
	w.mu.Lock()
	defer w.mu.Unlock() // held on: between the look and the submission the primary could be retired
	addr := w.rooms.topology.address(part)
	e := w.writers[addr]
	if e == nil && !w.closed {
		e = newExecutor(w.rooms.c.store, w.post)
		w.writers[addr] = e
		w.rooms.tasks.Go(func() { w.run(addr, e) })
	}
	if e != nil {
		e.submit(j)
	}
}

// keep ends the writers of all addresses but these: those are no primaries any more. What waits there
// comes back to its rooms, which offer it to the new ones.
func (w *replicaWriters) keep(addrs []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for addr, e := range w.writers {
		if !slices.Contains(addrs, addr) {
			delete(w.writers, addr)
			e.close()
		}
	}
}

// post gives each job back to its own shard.
func (w *replicaWriters) post(jobs []*job) {
	for _, j := range jobs {
		j.shard.post(post{kind: postResults, jobs: []*job{j}})
	}
}

func (w *replicaWriters) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, e := range w.writers {
		e.close()
	}
}

// run takes batches to a primary, each followed by a WAIT for one replica.
func (w *replicaWriters) run(addr string, e *executor) {
	var conn rueidis.DedicatedClient
	release := func() {}
	defer func() {
		if conn != nil {
			conn.Close()
		}
		release()
		if jobs := e.rest(); jobs != nil {
			failJobs(jobs, errNoReplica)
			e.post(jobs)
		}
	}()
	for jobs := e.take(); jobs != nil; jobs = e.take() {
		if conn == nil {
			client := w.rooms.topology.client(addr)
			if client == nil {
				failJobs(jobs, errNoReplica)
				e.post(jobs)
				w.rooms.topology.suspect()
				time.Sleep(tickWaiting)
				continue
			}
			conn, release = client.Dedicate()
		}
		if !w.exchange(conn, jobs) {
			conn.Close()
			release()
			conn, release = nil, func() {}
			w.rooms.topology.suspect()
		}
		e.post(jobs)
	}
}

// exchange runs jobs and waits; false means that the connection is of no use any more.
func (w *replicaWriters) exchange(conn rueidis.DedicatedClient, jobs []*job) (usable bool) {
	start := time.Now()
	exchange(context.Background(), conn, jobs)
	ctx, cancel := context.WithTimeout(context.Background(), requestDeadline)
	defer cancel()
	replicas, err := conn.Do(ctx, conn.B().Wait().Numreplicas(1).Timeout(replicaWait.Milliseconds()).Build()).AsInt64()
	w.rooms.c.store.roundTrip.observe(time.Since(start))
	usable = err == nil
	if err == nil && replicas < 1 {
		err = errNoReplica
	}
	if err != nil {
		failJobs(jobs, err)
	}
	for _, j := range jobs {
		var re *rueidis.RedisError
		if jerr := j.result.Error(); jerr != nil && errors.As(jerr, &re) {
			if _, moved := re.IsMoved(); moved || strings.HasPrefix(re.Error(), "READONLY") {
				usable = false
			}
		}
	}
	return usable
}

func failJobs(jobs []*job, err error) {
	for _, j := range jobs {
		if j.result.Error() == nil {
			j.err = err
		}
	}
}
