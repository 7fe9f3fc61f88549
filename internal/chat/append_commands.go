package chat

// AppendCommand appends a client event as a client writes it: what is zero in c is left out, and so
// are a Replay and a Limit that are the default. It does not check c.
func AppendCommand(dst []byte, c *Command) []byte {
	dst = appendText(dst, `{"type":`, c.Type.String())
	dst = appendID(dst, c.ID)
	switch c.Type {
	case CreateRoom:
		dst = appendText(dst, `,"name":`, c.Name)
		if c.Private {
			dst = append(dst, `,"private":true`...)
		}
	case JoinRoom:
		dst = appendUint(dst, `,"roomId":`, uint64(c.RoomID))
		if !c.HasPosition && c.Replay != DefaultReplay {
			dst = appendInt(dst, `,"replay":`, int64(c.Replay))
		}
		dst = appendPosition(dst, c)
	case SendMessage:
		if c.RoomID != 0 {
			dst = appendUint(dst, `,"roomId":`, uint64(c.RoomID))
		}
		dst = appendText(dst, `,"text":`, c.Text)
	case UpdateUsername:
		dst = appendText(dst, `,"username":`, c.Name)
	case ListRooms:
		if len(c.Cursor) > 0 {
			dst = appendText(dst, `,"cursor":`, c.Cursor)
		}
		dst = appendLimit(dst, c.Limit, DefaultRooms)
	case GetHistory:
		if c.HasBefore {
			dst = appendUint(dst, `,"before":`, c.Before)
		}
		if c.HasAfter {
			dst = appendUint(dst, `,"after":`, c.After)
		}
		dst = appendLimit(dst, c.Limit, DefaultHistory)
	case Resume:
		dst = appendText(dst, `,"session":`, c.Session)
		dst = appendPosition(dst, c)
	}
	return append(dst, '}')
}

func appendPosition(dst []byte, c *Command) []byte {
	if !c.HasPosition {
		return dst
	}
	dst = appendEpoch(dst, c.Position.Epoch)
	dst = appendUint(dst, `,"seq":`, c.Position.Seq)
	if c.Position.MessageID == (MessageID{}) {
		return dst
	}
	return appendMessageID(dst, c.Position.MessageID)
}

func appendLimit(dst []byte, limit, standard int) []byte {
	if limit == 0 || limit == standard {
		return dst
	}
	return appendInt(dst, `,"limit":`, int64(limit))
}
