package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// maxPipelined bounds the jobs of one exchange, so that a reply is not held up by what is sent
// behind it.
const maxPipelined = 64

// job is one exchange of a room: a script, a plain command, or a script and a command behind it.
// done runs on the room's shard.
type job struct {
	call  call     // call.script nil: none
	plain []string // a command whose second word is its key
	wait  bool     // AckReplica: count only when a replica has it
	done  func(script, plain rueidis.RedisResult)

	shard         *shard // AckReplica: whose it is
	result, extra rueidis.RedisResult
	err           error // AckReplica: executed, but not safe
}

// executor takes the jobs of one shard to Redis: what gathers while an exchange is under way is the
// next one. Several goroutines take from it; a room has one script in flight, so its order is kept.
type executor struct {
	// Immutable after open.
	store *store
	post  func(jobs []*job)

	// Guarded by mu.
	mu     sync.Mutex
	ready  sync.Cond
	queue  []*job
	closed bool
}

func newExecutor(s *store, post func([]*job)) *executor {
	e := &executor{store: s, post: post}
	e.ready.L = &e.mu
	return e
}

// submit hands a job over. Any goroutine.
func (e *executor) submit(j *job) {
	e.mu.Lock()
	e.queue = append(e.queue, j)
	e.mu.Unlock()
	e.ready.Signal()
}

func (e *executor) close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.ready.Broadcast()
}

// take waits for jobs; nil means closed.
func (e *executor) take() []*job {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.queue) == 0 && !e.closed {
		e.ready.Wait()
	}
	if e.closed {
		return nil
	}
	n := min(len(e.queue), maxPipelined)
	jobs := make([]*job, n)
	copy(jobs, e.queue)
	rest := copy(e.queue, e.queue[n:])
	clear(e.queue[rest:])
	e.queue = e.queue[:rest]
	return jobs
}

// rest returns the jobs that close has left over.
func (e *executor) rest() []*job {
	e.mu.Lock()
	defer e.mu.Unlock()
	jobs := e.queue
	e.queue = nil
	return jobs
}

// run takes jobs to Redis until close.
func (e *executor) run(ctx context.Context) {
	for jobs := e.take(); jobs != nil; jobs = e.take() {
		start := time.Now()
		exchange(ctx, e.store.client, jobs)
		e.store.roundTrip.observe(time.Since(start))
		e.post(jobs)
	}
}

// exchange pipelines jobs on c within requestDeadline and fills in their results.
func exchange(ctx context.Context, c multiDoer, jobs []*job) {
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	fill(jobs, c.DoMulti(ctx, commands(c, jobs, evalsha)...))
	var missing []*job
	for _, j := range jobs {
		if j.call.script != nil && isNoScript(j.result.Error()) {
			missing = append(missing, j)
		}
	}
	if missing != nil {
		fill(missing, c.DoMulti(ctx, commands(c, missing, eval)...))
	}
}

func commands(c multiDoer, jobs []*job, build func(rueidis.Builder, *script, []string, []string) rueidis.Completed) rueidis.Commands {
	cmds := make(rueidis.Commands, 0, len(jobs)+4)
	for _, j := range jobs {
		if j.call.script != nil {
			cmds = append(cmds, build(c.B(), j.call.script, j.call.keys, j.call.args))
		}
		if j.plain != nil {
			cmds = append(cmds, c.B().Arbitrary(j.plain[0]).Keys(j.plain[1]).Args(j.plain[2:]...).Build())
		}
	}
	return cmds
}

func fill(jobs []*job, results []rueidis.RedisResult) {
	i := 0
	for _, j := range jobs {
		if j.call.script != nil {
			j.result = results[i]
			i++
		}
		if j.plain != nil {
			j.extra = results[i]
			i++
		}
	}
}
