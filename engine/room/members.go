package room

// Seat is the place of a member in Members, kept inside the member so that leaving needs no
// search. The zero value is a member that sits nowhere.
type Seat int32

// Seated is a member that keeps its own Seat.
type Seated interface {
	// RoomSeat points to the member's seat.
	RoomSeat() *Seat
}

// Members are the members of one room on one loop: a dense slice that fan-out walks from end to
// end, and back-indexes for constant-time leaving. The order changes when someone leaves.
type Members[M Seated] struct {
	// Owned by the session's loop.
	list []M
}

// Add seats m at the end. m must not be seated anywhere. Loop only.
func (s *Members[M]) Add(m M) {
	s.list = append(s.list, m)
	*m.RoomSeat() = Seat(len(s.list))
}

// Remove unseats m by moving the last member into its place, and reports whether m was here. Safe
// while walking All backwards. Loop only.
func (s *Members[M]) Remove(m M) bool {
	seat := m.RoomSeat()
	at := int(*seat) - 1
	if at < 0 || at >= len(s.list) {
		return false
	}
	last := len(s.list) - 1
	moved := s.list[last]
	s.list[at] = moved
	*moved.RoomSeat() = Seat(at + 1)
	*seat = 0
	var none M
	s.list[last] = none
	s.list = s.list[:last]
	// A room that was full once does not keep that memory for its last visitor.
	if cap(s.list) > 64 && len(s.list) < cap(s.list)/4 {
		s.list = append(make([]M, 0, cap(s.list)/2), s.list...)
	}
	return true
}

// All is the list itself: valid until the next Add or Remove. Loop only.
func (s *Members[M]) All() []M { return s.list }

// Len counts the members. Loop only.
func (s *Members[M]) Len() int { return len(s.list) }
