package engine

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"chatroom/internal/chat"
)

// A session token is base64url(client id, nonce, time of issue, HMAC-SHA-256 of those).
const (
	tokenClaims = 8 + len(chat.Nonce{}) + 8
	tokenBytes  = tokenClaims + sha256.Size
)

// EmbeddedDirectory is the sessions' side of an Embedded. It is a type of its own because a Log and
// a Directory both have a Rename.
type EmbeddedDirectory struct {
	// Immutable after open.
	e *Embedded
}

// Directory returns the sessions' side. Any goroutine.
func (e *Embedded) Directory() *EmbeddedDirectory {
	return &EmbeddedDirectory{e}
}

// Open implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Open(ip string) (m chat.Member, ok bool) {
	e := d.e
	s := &embeddedSession{
		incarnation: chat.Incarnation(random64()), issued: uint32(e.cfg.Now().Unix()),
	}
	s.setIP(ip)
	rand.Read(s.nonce[:])
	e.mu.Lock()
	defer e.mu.Unlock()
	id, ok := e.clientIDs.draw()
	if !ok {
		return chat.Member{}, false
	}
	s.name = "User " + strconv.FormatUint(id, 10)
	e.sessions[chat.ClientID(id)] = s
	return s.member(chat.ClientID(id)), true
}

// Discard implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Discard(m chat.Member) {
	e := d.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.carriesLocked(m) != nil {
		e.dropLocked(m.Client)
	}
}

// carriesLocked is the session of m, if it is still carried under this incarnation.
func (e *Embedded) carriesLocked(m chat.Member) *embeddedSession {
	s := e.sessions[m.Client]
	if s == nil || s.nonce != m.Nonce || s.incarnation != m.Incarnation {
		return nil
	}
	return s
}

// Token implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Token(dst []byte, m chat.Member) []byte {
	e := d.e
	e.mu.Lock()
	var issued uint32
	if s := e.carriesLocked(m); s != nil {
		issued = s.issued
	}
	e.mu.Unlock()
	var raw [tokenBytes]byte
	binary.BigEndian.PutUint64(raw[:], uint64(m.Client))
	copy(raw[8:], m.Nonce[:])
	binary.BigEndian.PutUint64(raw[tokenClaims-8:], uint64(issued))
	e.sign(raw[tokenClaims:tokenClaims], raw[:tokenClaims])
	return base64.RawURLEncoding.AppendEncode(dst, raw[:])
}

func (e *Embedded) sign(dst, claims []byte) []byte {
	mac := hmac.New(sha256.New, e.key[:])
	mac.Write(claims)
	return mac.Sum(dst)
}

// readToken checks a token; ok is false for whatever this process has not signed.
func (e *Embedded) readToken(token string) (id chat.ClientID, nonce chat.Nonce, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != tokenBytes || !hmac.Equal(e.sign(nil, raw[:tokenClaims]), raw[tokenClaims:]) {
		return 0, nonce, false
	}
	copy(nonce[:], raw[8:])
	return chat.ClientID(binary.BigEndian.Uint64(raw)), nonce, true
}

// Resume implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Resume(tag chat.Tag, token, ip string) {
	e := d.e
	id, nonce, ok := e.readToken(token)
	if !ok {
		e.feed.Resumed(tag, chat.Resumption{Code: chat.SessionInvalid})
		return
	}
	e.mu.Lock()
	s := e.sessions[id]
	if s == nil || s.nonce != nonce {
		answer := chat.Resumption{Code: chat.SessionInvalid}
		if e.bannedSessionLocked(nonce) {
			answer = chat.Resumption{Code: chat.Banned, BanCode: chat.BanCode}
		}
		e.mu.Unlock()
		e.feed.Resumed(tag, answer)
		return
	}
	former, carried := s.incarnation, !s.away()
	s.incarnation, s.place = chat.Incarnation(random64()), s.place&^awayBit
	s.setIP(ip)
	answer := chat.Resumption{Member: s.member(id), Room: s.room()}
	if s.activity != nil {
		answer.Messages = s.activity.Messages
	}
	e.mu.Unlock()
	if carried {
		e.feed.Disconnect(id, former, chat.CauseResumedElsewhere)
	}
	e.feed.Resumed(tag, answer)
}

// Carries implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Carries(m chat.Member) bool {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	return d.e.presentLocked(m) != nil
}

// Rename implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Rename(m chat.Member, name string) {
	e := d.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.carriesLocked(m); s != nil {
		s.name = name
	}
}

// Observe implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Observe(m chat.Member, a chat.Activity) {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	if s := d.e.presentLocked(m); s != nil {
		s.activity = &a
	}
}

// Detach implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Detach(m chat.Member, in chat.RoomID) {
	e := d.e
	if e.cfg.ResumeWindow == 0 {
		d.End(m, in)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.carriesLocked(m)
	if s == nil {
		return
	}
	if g := e.graves[s.room()]; in == 0 && g != nil && g.deleted {
		// The connection may have been half open when the room was deleted: a RESUME says so.
		in = s.room()
	}
	s.place = awayBit | uint64(in)
	e.detached = append(e.detached, detachment{m.Client, m.Incarnation, monotonic() + e.cfg.ResumeWindow})
}

// End implements Directory. Any goroutine.
func (d *EmbeddedDirectory) End(m chat.Member, in chat.RoomID) {
	e := d.e
	e.mu.Lock()
	carried := e.carriesLocked(m) != nil
	if carried {
		e.dropLocked(m.Client)
	}
	e.mu.Unlock()
	if carried && in != 0 {
		m.Incarnation = 0
		e.depart(in, m, chat.DepartureLeft)
	}
}

// claim notes that a session is on its way into a room, so that whoever takes it over or ends it from
// now on finds it there; the room's lock is held until it is in. It returns nil when the connection
// that asked does not carry the session any more: a request that was under way when it was removed,
// resumed elsewhere or lost must leave no place behind that nobody would end.
func (e *Embedded) claim(m chat.Member, in chat.RoomID) *embeddedSession {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.presentLocked(m)
	if s != nil {
		s.setRoom(in)
	}
	return s
}

// presentLocked is the session of m while a connection carries it under this incarnation.
func (e *Embedded) presentLocked(m chat.Member) *embeddedSession {
	if s := e.carriesLocked(m); s != nil && !s.away() {
		return s
	}
	return nil
}

func (e *Embedded) leftRoom(m chat.Member, from chat.RoomID) {
	e.mu.Lock()
	if s := e.carriesLocked(m); s != nil && s.room() == from {
		s.setRoom(0)
	}
	e.mu.Unlock()
}
