package engine

import (
	"math/rand/v2"
	"sort"
	"strconv"

	"chatroom/engine/room"
	"chatroom/internal/chat"
)

// Create implements Log. Any goroutine.
func (e *Embedded) Create(tag chat.Tag, name string, private bool, creator chat.Member) {
	r := &embeddedRoom{
		name: name, private: private, created: e.cfg.Now().UnixMilli(), creator: creator.Client,
		epoch: chat.Epoch(random64()), places: make(map[chat.ClientID]place), followed: true,
	}
	r.ring.Reset(0, chat.MessageID{})
	r.used.Store(r.created)

	e.mu.Lock()
	session := e.presentLocked(creator)
	if session == nil {
		e.mu.Unlock()
		e.feed.Created(tag, chat.RoomInfo{}, chat.Unavailable)
		return
	}
	id, ok := e.roomIDs.draw()
	if !ok {
		e.mu.Unlock()
		e.feed.Created(tag, chat.RoomInfo{}, chat.Capacity)
		return
	}
	r.enterLocked(creator, session, r.created) // nobody else can see it yet
	e.serial++
	r.id, r.serial, r.index = chat.RoomID(id), e.serial, len(e.all)
	e.all = append(e.all, r)
	if !private {
		e.public = append(e.public, r)
	}
	session.setRoom(r.id)
	e.mu.Unlock()

	r.mu.Lock()
	defer r.mu.Unlock()
	e.rooms.Put(id, r)
	e.feed.Created(tag, r.infoLocked(), "")
}

// lock finds a room and locks it; nil when there is none (any more).
func (e *Embedded) lock(id chat.RoomID) *embeddedRoom {
	r := e.rooms.Find(uint64(id))
	if r == nil {
		return nil
	}
	r.mu.Lock()
	if r.dead {
		r.mu.Unlock()
		return nil
	}
	return r
}

// Join implements Log. Loop only: home.
func (e *Embedded) Join(tag chat.Tag, id chat.RoomID, m chat.Member, resume bool) {
	r := e.lock(id)
	if r == nil {
		e.feed.Joined(tag, chat.RoomInfo{ID: id}, e.gone(id, resume))
		return
	}
	defer r.mu.Unlock()
	held, known := r.places[m.Client]
	known = known && held.session.nonce == m.Nonce
	if resume && !known {
		e.feed.Joined(tag, chat.RoomInfo{ID: id}, chat.RoomNotFound)
		return
	}
	session := e.claim(m, id)
	if session == nil {
		e.feed.Joined(tag, chat.RoomInfo{ID: id}, chat.Unavailable)
		return
	}
	at := e.cfg.Now().UnixMilli()
	r.used.Store(at)
	if !r.followed {
		r.followed = true
		e.logBytes.Add(int64(r.ring.Trim(e.retention, at)))
		e.feed.Baseline(r.infoLocked(), r.recentLocked())
	}
	if known {
		r.places[m.Client] = place{session, m.Incarnation}
	} else {
		r.enterLocked(m, session, at)
	}
	e.feed.Joined(tag, r.infoLocked(), "")
	if !known {
		e.feed.Event(id, chat.UserEvent{
			Kind: chat.EventJoined, Client: m.Client, Username: m.Name, Members: len(r.places), At: at,
		})
	}
}

// gone says why there is no such room: only one who had a place is told that it was deleted.
func (e *Embedded) gone(id chat.RoomID, resume bool) chat.Code {
	e.mu.Lock()
	defer e.mu.Unlock()
	if g := e.graves[id]; resume && g != nil && g.deleted {
		return chat.RoomDeleted
	}
	return chat.RoomNotFound
}

// Leave implements Log. Loop only: home.
func (e *Embedded) Leave(tag chat.Tag, id chat.RoomID, m chat.Member) {
	e.depart(id, m, chat.DepartureLeft)
	e.leftRoom(m, id)
	if tag != 0 {
		e.feed.Done(tag, "")
	}
}

// depart takes m out of a room if it is there under this incarnation, and ends the room with its
// last place. Incarnation 0 means any of the session: when that ends, its place may still be that of
// a former connection. Any goroutine.
func (e *Embedded) depart(id chat.RoomID, m chat.Member, why chat.Departure) {
	r := e.lock(id)
	if r == nil {
		return
	}
	defer r.mu.Unlock()
	if held := r.places[m.Client]; held.session == nil || held.session.nonce != m.Nonce ||
		m.Incarnation != 0 && held.incarnation != m.Incarnation {
		return
	}
	at := e.cfg.Now().UnixMilli()
	r.exitLocked(m.Client, at)
	kind := chat.EventLeft
	if why == chat.DepartureRemoved {
		kind = chat.EventRemoved
	}
	e.feed.Event(id, chat.UserEvent{
		Kind: kind, Client: m.Client, Username: m.Name, Owner: m.Client == r.creator,
		Members: len(r.places), At: at,
	})
	if len(r.places) == 0 {
		e.buryLocked(r, false)
	}
}

// buryLocked ends a room. Its lock is held.
func (e *Embedded) buryLocked(r *embeddedRoom, deleted bool) {
	r.dead = true
	e.rooms.Drop(uint64(r.id), r)
	e.logBytes.Add(-int64(r.ring.Bytes()))
	r.ring, r.dedupe = room.Ring{}, dedupe{}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.graves[r.id] = &grave{deleted: deleted, until: monotonic() + graveTime}
	e.buried = append(e.buried, r.id)
	moved := e.all[len(e.all)-1]
	e.all[r.index] = moved
	moved.index = r.index
	e.all[len(e.all)-1] = nil
	e.all = e.all[:len(e.all)-1]
	if at := e.publicFromLocked(r.serial); at < len(e.public) && e.public[at] == r {
		copy(e.public[at:], e.public[at+1:])
		e.public[len(e.public)-1] = nil
		e.public = e.public[:len(e.public)-1]
	}
}

// publicFromLocked is the index of the first public room with this serial or a later one.
func (e *Embedded) publicFromLocked(serial uint64) int {
	return sort.Search(len(e.public), func(i int) bool { return e.public[i].serial >= serial })
}

// Rename implements Log. Loop only: home.
func (e *Embedded) Rename(tag chat.Tag, id chat.RoomID, m chat.Member, name string) {
	e.renameIn(id, m, name)
	if tag != 0 {
		e.feed.Done(tag, "")
	}
}

func (e *Embedded) renameIn(id chat.RoomID, m chat.Member, name string) {
	r := e.lock(id)
	if r == nil {
		return
	}
	defer r.mu.Unlock()
	if !r.holdsLocked(m.Client, m.Nonce, m.Incarnation) {
		return
	}
	e.mu.Lock()
	session := r.places[m.Client].session
	former := session.name
	session.name = name
	e.mu.Unlock()
	if p := r.participantLocked(m.Client); p != nil {
		p.Username = name
	}
	e.feed.Event(id, chat.UserEvent{
		Kind: chat.EventRenamed, Client: m.Client, Username: name, Previous: former,
		Members: len(r.places), At: e.cfg.Now().UnixMilli(),
	})
}

// Append implements Log. Loop only: home.
func (e *Embedded) Append(id chat.RoomID, messages []chat.Pending) {
	r := e.lock(id)
	if r == nil {
		code := chat.NotInRoom
		if e.gone(id, true) == chat.RoomDeleted {
			code = chat.RoomDeleted
		}
		for i := range messages {
			e.feed.Refused(id, messages[i].Tag, chat.Refusal{Code: code})
		}
		return
	}
	defer r.mu.Unlock()
	now := e.cfg.Now().UnixMilli()
	r.used.Store(now)
	entries := r.entries[:0]
	for i := range messages {
		if entry, ok := e.appendLocked(r, &messages[i], now); ok {
			entries = append(entries, entry)
		}
	}
	if len(entries) > 0 {
		e.feed.Messages(id, r.epoch, entries)
	}
	clear(entries)
	const keep = 64
	if r.entries = entries[:0]; cap(entries) > keep {
		r.entries = nil
	}
	if e.logBytes.Load() > e.cfg.LogMemory {
		e.trim(r)
	}
}

// appendLocked gives one message its place, or refuses it.
func (e *Embedded) appendLocked(r *embeddedRoom, p *chat.Pending, now int64) (chat.Entry, bool) {
	if !r.holdsLocked(p.Client, p.Nonce, p.Incarnation) {
		e.feed.Refused(r.id, p.Tag, chat.Refusal{Code: chat.NotInRoom})
		return chat.Entry{}, false
	}
	key := keyOf(p.Nonce, p.ID)
	if former, ok := r.dedupe.find(key); ok {
		e.feed.Refused(r.id, p.Tag, chat.Refusal{
			Epoch: r.epoch, Seq: former.seq, MessageID: former.message, At: former.at,
		})
		return chat.Entry{}, false
	}
	entry := chat.Entry{
		Seq: r.ring.Newest() + 1, MessageID: p.MessageID, Prev: r.last, At: p.At, Body: p.Body, Tag: p.Tag,
	}
	r.dedupe.put(dedupePlace{key, entry.Seq, p.At, p.MessageID}, now)
	e.logBytes.Add(int64(r.ring.Append(room.Entry{Seq: entry.Seq, ID: p.MessageID, At: p.At, Bytes: p.Body}, e.retention)))
	r.last, r.lastAt = p.MessageID, p.At
	return entry, true
}

// trim halves rings, the longest unused of a sample first, while all together are too big. Other
// rooms' locks are only tried: two rooms may be trimming for each other. The room's lock is held.
func (e *Embedded) trim(current *embeddedRoom) {
	const sample, attempts = 16, 64
	for range attempts {
		if e.logBytes.Load() <= e.cfg.LogMemory {
			return
		}
		victim := current
		e.mu.Lock()
		for range sample {
			if r := e.all[rand.IntN(len(e.all))]; r.used.Load() < victim.used.Load() {
				victim = r
			}
		}
		e.mu.Unlock()
		if victim == current {
			if current.ring.Len() > 1 {
				e.logBytes.Add(int64(current.ring.Halve()))
			}
			continue
		}
		if victim.mu.TryLock() {
			if victim.ring.Len() == 0 {
				victim.used.Store(current.used.Load()) // nothing to gain here for now
			} else {
				e.logBytes.Add(int64(victim.ring.Halve()))
			}
			victim.mu.Unlock()
		}
	}
}

// Release implements Log. Loop only: home.
func (e *Embedded) Release(id chat.RoomID) {
	if r := e.lock(id); r != nil {
		r.followed = false
		r.mu.Unlock()
	}
}

// List implements Log: the newest rooms first. A cursor is the serial of the last one told, so a
// list can be gone on with whatever happens to its rooms. Any goroutine.
func (e *Embedded) List(tag chat.Tag, cursor string, limit int) {
	rooms, next, ok := e.list(cursor, limit)
	if !ok {
		e.feed.Listed(tag, nil, "", chat.BadRequest)
		return
	}
	e.feed.Listed(tag, rooms, next, "")
}

func (e *Embedded) list(cursor string, limit int) (rooms []chat.RoomSummary, next string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := len(e.public)
	if cursor != "" {
		serial, err := strconv.ParseUint(cursor, 36, 64)
		if err != nil || serial == 0 || serial > e.serial || strconv.FormatUint(serial, 36) != cursor {
			return nil, "", false
		}
		at = e.publicFromLocked(serial)
	}
	for at--; at >= 0 && len(rooms) < limit; at-- {
		r := e.public[at]
		rooms = append(rooms, chat.RoomSummary{ID: r.id, Name: r.name, Members: int(r.count.Load()), CreatedAt: r.created})
		next = strconv.FormatUint(r.serial, 36)
	}
	if at < 0 {
		next = ""
	}
	return rooms, next, true
}
