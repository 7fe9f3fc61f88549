package cluster

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

const (
	lookWait    = time.Second          // how long a question waits for the node that has the client
	lookPoll    = 5 * time.Millisecond // between two looks for the answer
	lookKept    = 5 * time.Second      // how long an answer waits for the one who asked
	lookPending = 256                  // questions that wait at a node; what exceeds them stays unanswered
)

// looks asks the node that has a client what its record can't say: what the connection sent and
// what is unsent at this moment. Writing every client's counts to Redis all the time was rejected:
// nobody reads them but an operator who looks at one client.
type looks struct {
	// Immutable after open.
	l     *life
	asked chan command // for this node; the command's incarnation is the number of the question
}

func newLooks(l *life) *looks { return &looks{l: l, asked: make(chan command, lookPending)} }

func (k *looks) key(id chat.ClientID, question chat.Incarnation) string {
	return k.l.c.store.keys.tags[id%partitions] + "look:" + formatID(question)
}

// ask fills in what the client's node knows; it is false when that node does not answer in time or
// has no connection of the client. Blocks up to lookWait.
func (k *looks) ask(ctx context.Context, node string, record *chat.ClientRecord) bool {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	question := chat.Incarnation(rand.Uint64())
	if k.l.control.sendNow(ctx, command{node: node, verb: verbLook, client: record.ID, incarnation: question}) != nil {
		return false
	}
	s, key := k.l.c.store, k.key(record.ID, question)
	poll := time.NewTicker(lookPoll)
	defer poll.Stop()
	for {
		line, err := s.do(ctx, s.client.B().Get().Key(key).Build()).ToString()
		if err == nil {
			f := strings.Fields(line)
			if len(f) != 3 {
				return false
			}
			record.LastSeenAt, record.Messages, record.BytesPending = int64(number(f[0])), int64(number(f[1])), int64(number(f[2]))
			return true
		}
		if !rueidis.IsRedisNil(err) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-poll.C:
		}
	}
}

// take notes a question of another node. Any goroutine; does not block.
func (k *looks) take(cmd command) {
	select {
	case k.asked <- cmd:
	default:
	}
}

// run answers the questions, all that wait with one walk over the sessions.
func (k *looks) run() {
	for {
		select {
		case <-k.l.ctx.Done():
			return
		case cmd := <-k.asked:
			questions := []command{cmd}
			for range len(k.asked) {
				questions = append(questions, <-k.asked)
			}
			k.answer(questions)
		}
	}
}

func (k *looks) answer(questions []command) {
	lines := make(map[chat.ClientID]string, len(questions))
	for _, q := range questions {
		lines[q.client] = "" // without a connection: nobody waits for it
	}
	left := len(lines)
	k.l.c.local.Sessions(func(r chat.ClientRecord) bool {
		if _, ok := lines[r.ID]; ok {
			lines[r.ID] = strconv.FormatInt(r.LastSeenAt, 10) + " " + strconv.FormatInt(r.Messages, 10) + " " + strconv.FormatInt(r.BytesPending, 10)
			left--
		}
		return left > 0 && k.l.ctx.Err() == nil
	})
	s := k.l.c.store
	cmds := make(rueidis.Commands, len(questions))
	for i, q := range questions {
		cmds[i] = s.client.B().Set().Key(k.key(q.client, q.incarnation)).Value(lines[q.client]).Px(lookKept).Build()
	}
	s.doMulti(k.l.ctx, cmds...) // an answer that is lost leaves the operator with the record
}
