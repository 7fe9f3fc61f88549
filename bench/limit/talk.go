package limit

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"chatroom/wsproto"
)

// read takes what one socket has.
func (s *Server) read(c *conn) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(c.fd), uintptr(unsafe.Pointer(&s.buffer[0])), uintptr(len(s.buffer)), unix.MSG_DONTWAIT, 0, 0)
	if errno == unix.EAGAIN || errno == unix.EINTR {
		return
	}
	if errno != 0 || n == 0 {
		s.drop(c)
		return
	}
	data := s.buffer[:n]
	if len(c.partial) > 0 {
		c.partial = append(c.partial, data...)
		data, c.partial = c.partial, nil
	}
	if !c.open {
		end, _, refusal := s.limits.FindHead(data, 0)
		if refusal != nil || end > 0 && !s.upgrade(c, data[:end]) {
			s.drop(c)
			return
		}
		data = data[end:]
	}
	for c.open && len(data) > 0 {
		ev, n, fault := c.decoder.Next(data, 0)
		if fault != nil || ev.Kind == wsproto.EventClose {
			s.drop(c)
			return
		}
		data = data[n:]
		if ev.Kind == wsproto.EventNone {
			break
		}
		if ev.Kind == wsproto.EventText {
			s.heard(c, ev.Payload)
		}
	}
	if len(data) > 0 {
		c.partial = append([]byte(nil), data...)
	}
}

// upgrade answers the handshake.
func (s *Server) upgrade(c *conn, head []byte) bool {
	request, refusal := s.limits.ParseRequest(head)
	if refusal != nil || wsproto.CheckUpgrade(&request) != nil {
		return false
	}
	c.open = true
	s.answer = wsproto.AppendUpgrade(s.answer[:0], &request, "")
	s.send(c, s.answer)
	return true
}

// heard joins or broadcasts.
func (s *Server) heard(c *conn, text []byte) {
	if len(text) > 0 && text[0] == 'J' && c.room == nil {
		r := s.rooms[string(text)]
		if r == nil {
			r = new(room)
			s.rooms[string(text)] = r
		}
		c.room, c.slot = r, len(r.members)
		r.members = append(r.members, c)
		s.answer = wsproto.AppendFrame(s.answer[:0], wsproto.OpText, text)
		s.send(c, s.answer)
		return
	}
	r := c.room
	if r == nil {
		return
	}
	r.batch = wsproto.AppendFrame(r.batch, wsproto.OpText, text)
	if s.writes == Single {
		s.flush(r)
	} else if !r.dirty {
		r.dirty = true
		s.dirty = append(s.dirty, r)
	}
}

func (s *Server) flushRooms() {
	for _, r := range s.dirty {
		r.dirty = false
		s.flush(r)
	}
	s.dirty = s.dirty[:0]
}

// flush writes the batch to every member. Backwards: a member that turns out to be gone is
// replaced by the last one, which had its turn.
func (s *Server) flush(r *room) {
	for i := len(r.members) - 1; i >= 0; i-- {
		s.send(r.members[i], r.batch)
	}
	r.batch = r.batch[:0]
}

func (s *Server) send(c *conn, b []byte) {
	if len(c.out) == 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case errno == 0 && int(n) == len(b):
			return
		case errno == 0:
			b = b[n:]
		case errno != unix.EAGAIN:
			s.drop(c)
			return
		}
		if s.watch(c.fd, unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLOUT) != nil {
			s.drop(c)
			return
		}
	}
	if c.out = append(c.out, b...); len(c.out) > maxOut {
		s.drop(c)
	}
}

// drain sends what the socket did not take before.
func (s *Server) drain(c *conn) {
	if len(c.out) > 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd), uintptr(unsafe.Pointer(&c.out[0])), uintptr(len(c.out)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != 0 {
			return // EAGAIN; an error shows when reading
		}
		c.out = c.out[n:]
	}
	if len(c.out) == 0 {
		c.out = nil
		if s.watch(c.fd, unix.EPOLL_CTL_MOD, unix.EPOLLIN) != nil {
			s.drop(c)
		}
	}
}
