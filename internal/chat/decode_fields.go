package chat

import "strconv"

func (c *Command) interpretMessage(limits Limits) fault {
	if c.fields[fieldID].kind == absent {
		return badRequest("A message needs an id.")
	}
	if c.fields[fieldRoomID].kind != absent {
		if f := c.room(); f.code != "" {
			return f
		}
	}
	v := c.fields[fieldText]
	if v.kind != stringKind {
		return badRequest("A message needs a text, which is a string.")
	}
	if sentence := CheckText(v.raw, limits); sentence != "" {
		return fault{TextInvalid, sentence}
	}
	c.Text = v.raw
	return fault{}
}

func (c *Command) interpretJoin() fault {
	replay := uint64(DefaultReplay)
	if f := first(c.room(), c.integer(fieldReplay, 0, MaxReplay, &replay), c.position()); f.code != "" {
		return f
	}
	c.Replay = int(replay)
	if !c.HasPosition && (c.given(fieldEpoch) || c.given(fieldSeq) || c.given(fieldMessageID)) {
		return badRequest("A position needs both epoch and seq.")
	}
	return fault{}
}

func (c *Command) interpretResume() fault {
	v := c.fields[fieldSession]
	if v.kind != stringKind {
		return badRequest("RESUME needs a session, which is a string.")
	}
	c.Session = v.raw
	c.Replay = DefaultReplay
	return c.position()
}

func (c *Command) interpretList() fault {
	limit := uint64(DefaultRooms)
	if f := c.integer(fieldLimit, 1, MaxRooms, &limit); f.code != "" {
		return f
	}
	c.Limit = int(limit)
	v := c.fields[fieldCursor]
	if v.kind != absent && (v.kind != stringKind || len(v.raw) == 0) {
		return badRequest("The cursor must be one that ROOMS gave out.")
	}
	c.Cursor = v.raw
	return fault{}
}

func (c *Command) interpretHistory() fault {
	limit := uint64(DefaultHistory)
	f := first(
		c.integer(fieldLimit, 1, MaxHistory, &limit),
		c.integer(fieldBefore, 0, MaxInteger, &c.Before),
		c.integer(fieldAfter, 0, MaxInteger, &c.After))
	if f.code != "" {
		return f
	}
	c.Limit = int(limit)
	c.HasBefore, c.HasAfter = c.given(fieldBefore), c.given(fieldAfter)
	if c.HasBefore && c.HasAfter {
		return badRequest("Give before or after, not both.")
	}
	return fault{}
}

// position reads epoch, seq and messageId. All three are checked when given; together they are a
// position only with epoch and seq.
func (c *Command) position() fault {
	epoch, id := c.fields[fieldEpoch], c.fields[fieldMessageID]
	if epoch.kind != absent && epoch.kind != stringKind {
		return badRequest("The epoch must be a string.")
	}
	var p Position
	if f := c.integer(fieldSeq, 0, MaxInteger, &p.Seq); f.code != "" {
		return f
	}
	p.Epoch, _ = ParseEpoch(epoch.raw)
	if id.kind != absent {
		ok := false
		if id.kind == stringKind {
			p.MessageID, ok = ParseMessageID(id.raw)
		}
		if !ok {
			return badRequest("The messageId must be a UUID.")
		}
		if p.MessageID == (MessageID{}) {
			p.Epoch = 0 // the nil UUID names no message, and must not read as "not given"
		}
	}
	if c.given(fieldEpoch) && c.given(fieldSeq) {
		c.Position, c.HasPosition = p, true
	}
	return fault{}
}

func (c *Command) given(f field) bool { return c.fields[f].kind != absent }

func (c *Command) room() fault {
	id := uint64(0)
	f := c.integer(fieldRoomID, 1, MaxInteger, &id)
	if f.code == "" && id == 0 {
		return badRequest("The event needs a roomId.")
	}
	c.RoomID = RoomID(id)
	return f
}

func (c *Command) flag(f field, into *bool) fault {
	switch c.fields[f].kind {
	case absent, falseKind:
		*into = false
	case trueKind:
		*into = true
	default:
		return badRequest("The field " + fieldNames[f] + " must be true or false.")
	}
	return fault{}
}

func (c *Command) name(f field) fault {
	v := c.fields[f]
	if v.kind != stringKind {
		return badRequest("The event needs a " + fieldNames[f] + ", which is a string.")
	}
	name, sentence := CleanName(v.raw)
	if sentence != "" {
		return fault{NameInvalid, sentence}
	}
	c.Name = name
	return fault{}
}

// integer reads a number from low to high, if it is given. Only plain digits are an integer: 1.0,
// 1e2 and -0 are refused rather than interpreted, so that no two readers can differ about them.
func (c *Command) integer(f field, low, high uint64, into *uint64) fault {
	v := c.fields[f]
	if v.kind == absent {
		return fault{}
	}
	if n, ok := parseInteger(v); ok && n >= low && n <= high {
		*into = n
		return fault{}
	}
	return badRequest("The field " + fieldNames[f] + " must be an integer from " +
		strconv.FormatUint(low, 10) + " to " + strconv.FormatUint(high, 10) + ".")
}

// parseInteger reads up to sixteen digits, which is one more than 2^53 needs.
func parseInteger(v value) (n uint64, ok bool) {
	if v.kind != numberKind || len(v.raw) > 16 {
		return 0, false
	}
	for _, c := range v.raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
