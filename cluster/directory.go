package cluster

import (
	"time"

	"chatroom/internal/chat"
)

// Directory is the sessions' side of a Cluster: their ids, their tokens and who carries them. It is
// a type of its own because the log has a Rename as well.
type Directory struct {
	// Immutable after open.
	c *Cluster
}

// Directory returns the sessions' side. Any goroutine.
func (c *Cluster) Directory() *Directory { return &Directory{c: c} }

// Open gives a new identity for a handshake from address ip, with the name "User <id>". ok is false
// when no id is at hand. Any goroutine; does not block.
func (d *Directory) Open(ip string) (m chat.Member, ok bool) { return d.c.sessions.open(ip) }

// Discard takes back an identity from Open that was never used. Any goroutine; does not block.
func (d *Directory) Discard(m chat.Member) { d.c.sessions.discard(m) }

// Token appends the session token of m. Any goroutine; does not block.
func (d *Directory) Token(dst []byte, m chat.Member) []byte {
	return d.c.keyring.append(dst, m.Client, m.Nonce, d.c.sessions.issued(m))
}

// Resume checks the token and takes the session over for a connection from ip; Feed.Resumed
// answers within 5 s, possibly inside the call. Any goroutine; does not block.
func (d *Directory) Resume(tag chat.Tag, token string, ip string) {
	client, nonce, ok := d.c.keyring.open(token)
	if !ok {
		d.c.feed.Resumed(tag, chat.Resumption{Code: chat.SessionInvalid})
		return
	}
	if d.c.bans.address(ip) || d.c.bans.session(nonce) {
		d.c.feed.Resumed(tag, chat.Resumption{Code: chat.Banned, BanCode: chat.BanCode})
		return
	}
	// Whether a session ends here is not asked: Redis may say that it goes on elsewhere, and a
	// resumption waits until Redis has heard of the end.
	d.c.sessions.writerOf(client).resume(&resumption{
		tag: tag, ip: ip, at: time.Now(),
		member: chat.Member{Client: client, Nonce: nonce, Incarnation: newIncarnation()},
	})
}

// Carries says whether this node still carries the session of m under its incarnation. Any
// goroutine; does not block.
func (d *Directory) Carries(m chat.Member) bool { return d.c.sessions.carries(m) }

// Rename records the name of a session. Any goroutine; does not block.
func (d *Directory) Rename(m chat.Member, name string) { d.c.sessions.rename(m, name) }

// Observe notes what the connection of m has counted, before Detach. Any goroutine; does not block.
func (d *Directory) Observe(m chat.Member, a chat.Activity) { d.c.sessions.note(m, a) }

// Detach keeps the session of m, and its place in room (0 = none), for the resume window, and lets
// it end then. Any goroutine; does not block.
func (d *Directory) Detach(m chat.Member, room chat.RoomID) { d.c.sessions.detach(m, room) }

// End ends the session of m: it leaves room (0 = none) and its id goes back. Any goroutine; does
// not block.
func (d *Directory) End(m chat.Member, room chat.RoomID) { d.c.sessions.end(m, room) }

// Banned says whether handshakes from this address are refused. Any goroutine; does not block.
func (d *Directory) Banned(ip string) bool { return d.c.bans.address(ip) }
