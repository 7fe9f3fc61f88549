package engine

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/panjf2000/gnet/v2"

	"chatroom/internal/chat"
)

// loop is one event loop: one goroutine of gnet, the sessions it accepted, the slots of their
// rooms, and the rooms whose home it is. Everything in it belongs to that goroutine but the inbox
// and the counters.
//
// It works in turns. A turn begins with the first event of a round of epoll, or with a wake-up,
// and ends when gnet runs the task that enter has queued: behind all socket events of the round.
// The end of the turn handles the inbox, gives the log what was published, writes once to each
// member of each room that something was said in, and settles what was closed.
type loop struct {
	// Immutable after open.
	engine *Engine
	el     gnet.EventLoop
	index  int

	// Any goroutine may post.
	inbox inbox

	// Atomic; any goroutine.
	counters counters

	// Owned by the session's loop.
	now      int64 // milliseconds since the process began, as of the last event
	began    time.Duration
	sessions []*session
	requests requests
	dirty    []*slot     // have frames to write
	touched  []*session  // have an outbox
	laggards []*session  // have a backlog
	closing  []*session  // wait for their last bytes to go
	due      []*session  // of closing, are cut off now
	leaving  []*session  // have ended and were not settled
	outbound []*liveRoom // have publishes for the log
	homes    []*liveRoom // rooms at home here
	crowds   []*liveRoom // of those, the ones that are owed a count
	swept    int         // where the sweep goes on, in sessions
	command  chat.Command
	payload  []byte     // a copy of an event that may have to wait
	scratch  []byte     // bytes that live until the next use
	arena    []byte     // what is said to single sessions, until the end of the turn
	spare    []*outbox  // outboxes to use again
	ends     []int      // of the frames of a batch
	vector   [][]byte   // of a writev
	joint    []byte     // a vector copied together
	batched  []byte     // the frames of one slot
	random   *rand.Rand // of message ids
	ringHeld int64      // bytes of the rings at home here
	unsent   int64      // found by the sweep under way
	leaking  int64      // found by the sweep under way
}

// processStart is where the monotonic clock of all loops begins.
var processStart = time.Now()

// monotonic is the time since the process began.
func monotonic() time.Duration { return time.Since(processStart) }

// tick sets the loop's clock. Loop only.
func (l *loop) tick() time.Duration {
	now := monotonic()
	l.now = int64(now / time.Millisecond)
	return now
}

// enter begins a turn unless one is under way: whatever is queued from here on is handled when
// gnet is through with the sockets of this round. Loop only.
func (l *loop) enter() {
	now := l.tick()
	if l.inbox.hold() {
		l.began = now
		l.wake()
	}
}

// wake asks gnet to run the loop. Any goroutine, under the inbox's lock or on the loop itself.
func (l *loop) wake() {
	// The only error is that of an engine that has stopped; then nobody is left to be told.
	_ = l.el.Execute(context.Background(), l)
}

// Run implements gnet.Runnable: it is the end of a turn. Loop only.
func (l *loop) Run(context.Context) error {
	defer l.survive()
	start := l.began
	if now := l.tick(); start == 0 {
		start = now
	}
	l.began = 0
	// Rounds are bounded so that other loops' posts cannot keep this one from its sockets.
	const rounds = 64
	drained := false
	for range rounds {
		l.publishOutbound()
		l.settle()
		batch := l.inbox.take()
		if drained = len(batch) == 0; drained {
			break
		}
		for i := range batch {
			l.attempt(&batch[i])
			l.inbox.done(&batch[i])
		}
	}
	l.flush()
	l.settleClosing()
	if !drained {
		l.wake() // nobody else does while the inbox takes this loop for awake
	}
	l.counters.turn.observe(monotonic() - start)
	return nil
}

// handle does what an event asks. Loop only.
func (l *loop) handle(ev *event) {
	switch ev.kind {
	case homePublish:
		p := ev.data.(*chat.Pending)
		l.homePublish(ev.room, p, buffer{ev.tag, ev.arrival, ev.frame})
		*p = chat.Pending{}
		pendings.Put(p)
	case homeJoin:
		l.homeJoin(ev.room, ev.tag, ev.data.(*joinWish))
	case homeLeave:
		l.homeLeave(ev.room, ev.tag, ev.data.(*chat.Member))
	case homeRename:
		l.homeRename(ev.room, ev.tag, ev.data.(*renaming))
	case homeHistory:
		l.homeHistory(ev.room, ev.tag, ev.data.(*historyWish))
	case homeForget:
		l.homeForget(ev.room, int(ev.seq))
	case feedCreated:
		l.roomCreated(ev.room, ev.tag, ev.data.(*joinAnswer))
	case feedBaseline:
		l.roomBaseline(ev.room, ev.data.(*baseline))
	case feedJoined:
		l.roomJoined(ev.room, ev.tag, ev.data.(*joinAnswer))
	case feedMessages:
		batch := ev.data.(*entryBatch)
		l.roomMessages(ev.room, ev.epoch, batch.list)
		batch.free()
	case feedEvent:
		l.roomEvent(ev.room, ev.data.(*chat.UserEvent))
	case feedResync:
		l.roomResync(ev.room, ev.data.(*baseline))
	case feedRefused:
		l.roomRefused(ev.room, ev.tag, ev.data.(*chat.Refusal))
	default:
		l.handleSession(ev)
	}
}

// handleSession is handle for what concerns sessions of this loop. Loop only.
func (l *loop) handleSession(ev *event) {
	switch ev.kind {
	case deliverMessage:
		l.deliver(ev)
	case deliverEvent:
		l.deliverEvent(ev)
	case answerJoined:
		l.joined(ev.tag, ev.data.(*joinOutcome))
	case answerRefused:
		l.refused(ev.tag, ev.room, ev.data.(*chat.Refusal))
	case answerDone:
		l.done(ev.tag, ev.code)
	case answerListed:
		l.listed(ev.tag, ev.data.(*listing))
	case answerHistory:
		l.history(ev.tag, ev.frame)
	case answerResumed:
		l.resumed(ev.tag, ev.data.(*chat.Resumption))
	case endSession:
		l.endSession(ev.session, ev.seq, ev.cause)
	case call:
		ev.data.(func(*loop))(l)
	}
}

// send gives an event to loop to: at once when it is this one, so that it keeps its place in what
// the home loop does, else through the inbox. Loop only.
func (l *loop) send(to *loop, ev event) {
	if to == l {
		l.handle(&ev)
		return
	}
	to.inbox.post(ev)
}

// adopt puts a session into the loop's list. Loop only.
func (l *loop) adopt(s *session) {
	s.index = int32(len(l.sessions))
	l.sessions = append(l.sessions, s)
}

// disown takes it out again. Loop only.
func (l *loop) disown(s *session) {
	last := len(l.sessions) - 1
	moved := l.sessions[last]
	l.sessions[s.index] = moved
	moved.index = s.index
	l.sessions[last] = nil
	l.sessions = l.sessions[:last]
	s.index = -1
}
