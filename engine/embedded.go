package engine

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"chatroom/engine/room"
	"chatroom/internal/chat"
)

var (
	_ Log       = (*Embedded)(nil)
	_ Directory = (*EmbeddedDirectory)(nil)
	_ Operators = (*Embedded)(nil)
)

// Embedded is the log, the directory and the operators' view of a node without Redis. It keeps
// everything in memory: nothing survives the process, and a token of a former one is invalid.
//
// Its answers come from inside the calls, as posts to the loops' inboxes, so a room at home on a
// session's own loop is served without a hop. Each room has a lock, taken by its home loop for
// nearly every call and by operators and the sweep now and then; the rest is under one lock that
// is never held while a room's is awaited.
type Embedded struct {
	// Immutable after open.
	cfg       Config
	retention room.Limits
	feed      Feed
	node      nodeView
	key       [32]byte // of session tokens
	stop      chan struct{}
	stopped   chan struct{}

	// Atomic; any goroutine.
	rooms    *room.Registry[embeddedRoom]
	logBytes atomic.Int64
	banCount atomic.Int64
	closing  sync.Once

	// Guarded by mu. A room's lock may be held when mu is taken, never the other way round.
	mu        sync.Mutex
	clientIDs *idPool
	roomIDs   *idPool
	sessions  map[chat.ClientID]*embeddedSession
	detached  []detachment           // in the order of their ends
	graves    map[chat.RoomID]*grave // rooms that died in the last ten minutes
	buried    []chat.RoomID          // in the order of their deaths
	public    []*embeddedRoom        // by serial
	all       []*embeddedRoom        // in no order
	serial    uint64                 // of the room made last
	bans      []*ban
	audit     []chat.AuditEntry
	windows   map[string][]int64
}

// nodeView is what operators are shown of this node beyond what the log knows.
type nodeView interface {
	Stats() chat.ServerStats
	Client(id chat.ClientID) (chat.ClientRecord, bool)
}

// embeddedSession is a session as the directory knows it: 72 bytes, there may be a hundred thousand.
type embeddedSession struct {
	// Immutable after open.
	nonce  chat.Nonce
	issued uint32 // Unix seconds

	// Guarded by mu (Embedded's).
	incarnation chat.Incarnation
	name        string
	ip          [16]byte
	place       uint64         // the room, and awayBit when the connection was lost
	activity    *chat.Activity // of its former connections; nil when it was never lost
}

const awayBit = 1 << 63

func (s *embeddedSession) room() chat.RoomID      { return chat.RoomID(s.place &^ awayBit) }
func (s *embeddedSession) setRoom(in chat.RoomID) { s.place = s.place&awayBit | uint64(in) }
func (s *embeddedSession) away() bool             { return s.place&awayBit != 0 }
func (s *embeddedSession) addr() netip.Addr       { return netip.AddrFrom16(s.ip).Unmap() }

// setIP keeps an address; one that is none is kept as the unspecified address.
func (s *embeddedSession) setIP(ip string) {
	if addr, err := netip.ParseAddr(ip); err == nil {
		s.ip = addr.As16()
	} else {
		s.ip = [16]byte{}
	}
}

type detachment struct {
	client      chat.ClientID
	incarnation chat.Incarnation
	due         time.Duration
}

// grave keeps the id of a dead room from being handed out again.
type grave struct {
	deleted bool // by an operator
	until   time.Duration
}

// graveTime is how long a room's id is not handed out again (promise 5).
const graveTime = 10 * time.Minute

// sweepEmbedded is how often places that ended, graves and bans are looked after.
const sweepEmbedded = 100 * time.Millisecond

// NewEmbedded makes the log and directory of a single node; feed is its engine. It runs a goroutine
// until Close.
func NewEmbedded(cfg Config, feed Feed) *Embedded {
	cfg = cfg.withDefaults()
	e := &Embedded{
		cfg: cfg, feed: feed,
		retention: room.Limits{
			Messages: cfg.RoomLog.Messages, Bytes: cfg.RoomLog.Bytes, Age: cfg.RoomLog.Age.Milliseconds(),
		},
		stop: make(chan struct{}), stopped: make(chan struct{}),
		rooms:     room.NewRegistry[embeddedRoom](),
		clientIDs: newIDPool(cfg.ClientIDs), roomIDs: newIDPool(cfg.ClientIDs),
		sessions: make(map[chat.ClientID]*embeddedSession),
		graves:   make(map[chat.RoomID]*grave),
		windows:  make(map[string][]int64),
	}
	e.node, _ = feed.(nodeView)
	rand.Read(e.key[:])
	go e.run()
	return e
}

// Close ends the goroutine of NewEmbedded.
func (e *Embedded) Close() {
	e.closing.Do(func() { close(e.stop) })
	<-e.stopped
}

func (e *Embedded) run() {
	defer close(e.stopped)
	tick := time.NewTicker(sweepEmbedded)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-e.stop:
			return
		case <-tick.C:
		}
		e.endPlaces(monotonic())
		if n%100 == 0 {
			e.forget(monotonic())
		}
	}
}

// endPlaces ends the sessions whose resume window is over.
func (e *Embedded) endPlaces(now time.Duration) {
	for {
		e.mu.Lock()
		if len(e.detached) == 0 || e.detached[0].due > now {
			e.mu.Unlock()
			return
		}
		d := e.detached[0]
		e.detached[0] = detachment{}
		e.detached = e.detached[1:]
		s := e.sessions[d.client]
		over := s != nil && s.away() && s.incarnation == d.incarnation
		var m chat.Member
		var in chat.RoomID
		if over {
			m, in = s.member(d.client), s.room()
			e.dropLocked(d.client)
		}
		e.mu.Unlock()
		if over && in != 0 {
			m.Incarnation = 0
			e.depart(in, m, chat.DepartureLeft)
		}
	}
}

// forget lets old graves, bans, windows and idempotency ids go.
func (e *Embedded) forget(now time.Duration) {
	e.mu.Lock()
	for len(e.buried) > 0 {
		id := e.buried[0]
		if g := e.graves[id]; g != nil && g.until > now {
			break
		}
		delete(e.graves, id)
		e.roomIDs.free(uint64(id))
		e.buried = e.buried[1:]
	}
	e.pruneBansLocked()
	e.pruneWindowsLocked()
	rooms := append([]*embeddedRoom(nil), e.all...)
	e.mu.Unlock()
	at := e.cfg.Now().UnixMilli()
	for _, r := range rooms {
		r.mu.Lock()
		r.dedupe.expire(at)
		e.logBytes.Add(int64(r.ring.Trim(e.retention, at)))
		r.mu.Unlock()
	}
}

func (s *embeddedSession) member(id chat.ClientID) chat.Member {
	return chat.Member{Client: id, Nonce: s.nonce, Incarnation: s.incarnation, Name: s.name}
}

// dropLocked ends a session and takes its id back.
func (e *Embedded) dropLocked(id chat.ClientID) {
	delete(e.sessions, id)
	e.clientIDs.free(uint64(id))
}

func random64() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]) | 1 // zero means "not given"
}
