package chat

// Welcome is what CONNECT says.
type Welcome struct {
	ClientID       ClientID
	Username       string
	Session        []byte // the token
	Resumed        bool
	ServerID       string // UUID of the node
	HeartbeatMs    int64
	ResumeWindowMs int64
	Limits         Limits
}

// AppendConnect appends CONNECT. id is the request's, a RESUME's; empty = none.
func AppendConnect[T bytesOrString](dst []byte, id T, w *Welcome) []byte {
	dst = appendID(append(dst, `{"type":"CONNECT"`...), id)
	dst = appendUint(dst, `,"clientId":`, uint64(w.ClientID))
	dst = appendText(dst, `,"username":`, w.Username)
	dst = appendText(dst, `,"session":`, w.Session)
	dst = appendBool(dst, `,"resumed":`, w.Resumed)
	dst = appendText(dst, `,"serverId":`, w.ServerID)
	dst = appendInt(dst, `,"protocol":`, Protocol)
	dst = appendInt(dst, `,"heartbeatMs":`, w.HeartbeatMs)
	dst = appendInt(dst, `,"resumeWindowMs":`, w.ResumeWindowMs)
	dst = appendInt(dst, `,"limits":{"name":`, MaxName)
	dst = appendInt(dst, `,"username":`, MaxName)
	dst = appendInt(dst, `,"message":`, int64(w.Limits.MessageLimit()))
	dst = appendInt(dst, `,"replay":`, MaxReplay)
	dst = appendInt(dst, `,"event":`, int64(w.Limits.EventLimit()))
	return append(dst, "}}"...)
}

// AppendRoomJoined appends ROOM_JOINED. id is the request's, empty = none; messages is how many
// NEW_MESSAGE follow as replay. recovered is told only when positioned, which says that there was
// a position to recover.
func AppendRoomJoined[T bytesOrString](dst []byte, id T, room *RoomInfo, messages int, positioned, recovered bool) []byte {
	dst = appendID(append(dst, `{"type":"ROOM_JOINED"`...), id)
	dst = appendUint(dst, `,"roomId":`, uint64(room.ID))
	dst = appendText(dst, `,"name":`, room.Name)
	dst = appendEpoch(dst, room.Epoch)
	dst = appendUint(dst, `,"seq":`, room.Seq)
	dst = appendInt(dst, `,"members":`, int64(room.Members))
	dst = appendInt(dst, `,"createdAt":`, room.CreatedAt)
	dst = appendUint(dst, `,"createdBy":`, uint64(room.CreatedBy))
	dst = appendInt(dst, `,"messages":`, int64(messages))
	if positioned {
		dst = appendBool(dst, `,"recovered":`, recovered)
	}
	return append(dst, '}')
}

// AppendMessageHead appends the part of NEW_MESSAGE that the log decides: with the bytes of
// AppendMessageBody behind it, it is the whole event.
func AppendMessageHead(dst []byte, room RoomID, epoch Epoch, seq uint64) []byte {
	dst = appendUint(dst, `{"type":"NEW_MESSAGE","roomId":`, uint64(room))
	dst = appendEpoch(dst, epoch)
	return appendUint(dst, `,"seq":`, seq)
}

// AppendMessageBody appends the part of NEW_MESSAGE that the accepting node knows, from the comma
// behind seq to the closing brace.
func AppendMessageBody[T bytesOrString](dst []byte, id MessageID, from ClientID, username string, text T, at int64) []byte {
	dst = appendMessageID(dst, id)
	dst = appendClient(append(dst, `,"from":`...), from, username)
	dst = appendText(dst, `,"text":`, text)
	return append(appendInt(dst, `,"at":`, at), '}')
}

// AppendAck appends the ACK of a request that is not a message.
func AppendAck[T bytesOrString](dst []byte, id T) []byte {
	return append(appendID(append(dst, `{"type":"ACK"`...), id), '}')
}

// AppendMessageAck appends the ACK of a SEND_MESSAGE: the place that the message has.
func AppendMessageAck[T bytesOrString](dst []byte, id T, room RoomID, epoch Epoch, seq uint64, message MessageID, at int64, duplicate bool) []byte {
	dst = appendID(append(dst, `{"type":"ACK"`...), id)
	dst = appendUint(dst, `,"roomId":`, uint64(room))
	dst = appendEpoch(dst, epoch)
	dst = appendUint(dst, `,"seq":`, seq)
	dst = appendMessageID(dst, message)
	dst = appendInt(dst, `,"at":`, at)
	if duplicate {
		dst = append(dst, `,"duplicate":true`...)
	}
	return append(dst, '}')
}

// AppendUserEvent appends USER_EVENT. The client is told unless its id is 0, as it is for
// EventMembers, which speaks of several.
func AppendUserEvent(dst []byte, room RoomID, e *UserEvent) []byte {
	dst = appendText(dst, `{"type":"USER_EVENT","event":`, string(e.Kind))
	dst = appendUint(dst, `,"roomId":`, uint64(room))
	if e.Client != 0 {
		dst = appendClient(append(dst, `,"client":`...), e.Client, e.Username)
	}
	if e.Previous != "" {
		dst = appendText(dst, `,"previous":`, e.Previous)
	}
	if e.Owner {
		dst = append(dst, `,"owner":true`...)
	}
	dst = appendInt(dst, `,"members":`, int64(e.Members))
	return append(appendInt(dst, `,"at":`, e.At), '}')
}

// AppendRooms appends ROOMS. An empty cursor is the end of the list.
func AppendRooms[T bytesOrString](dst []byte, id T, rooms []RoomSummary, cursor string) []byte {
	dst = appendID(append(dst, `{"type":"ROOMS"`...), id)
	dst = append(dst, `,"rooms":[`...)
	for i, room := range rooms {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendUint(dst, `{"roomId":`, uint64(room.ID))
		dst = appendText(dst, `,"name":`, room.Name)
		dst = appendInt(dst, `,"members":`, int64(room.Members))
		dst = append(appendInt(dst, `,"createdAt":`, room.CreatedAt), '}')
	}
	dst = append(dst, ']')
	if cursor != "" {
		dst = appendText(dst, `,"cursor":`, cursor)
	}
	return append(dst, '}')
}

// AppendHistory appends HISTORY: entries, oldest first, as whole NEW_MESSAGE events. The caller
// keeps it under MaxHistoryBytes, see HistorySize.
func AppendHistory[T bytesOrString](dst []byte, id T, room RoomID, epoch Epoch, entries []Entry, more bool) []byte {
	dst = appendID(append(dst, `{"type":"HISTORY"`...), id)
	dst = appendUint(dst, `,"roomId":`, uint64(room))
	dst = appendEpoch(dst, epoch)
	dst = append(dst, `,"messages":[`...)
	for i := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendMessageHead(dst, room, epoch, entries[i].Seq)
		dst = append(dst, entries[i].Body...)
	}
	dst = append(dst, ']')
	return append(appendBool(dst, `,"more":`, more), '}')
}

// HistoryFrame is the most bytes that HISTORY has around its entries.
const HistoryFrame = 256

// HistorySize is the most bytes that an entry with this body takes in HISTORY. Entries fit when
// the sum of their sizes and HistoryFrame is at most MaxHistoryBytes.
func HistorySize(body int) int {
	const head = len(`,{"type":"NEW_MESSAGE","roomId":9007199254740991,"epoch":"0123456789abcdef","seq":9007199254740991`)
	return head + body
}

// Failure is what ERROR says. RetryAfterMs and BanCode are told unless they are 0.
type Failure struct {
	Code         Code
	Message      string // a sentence for a person
	RetryAfterMs int64
	BanCode      int
}

// AppendError appends ERROR. id is the request's, empty = none or unreadable.
func AppendError[T bytesOrString](dst []byte, id T, f Failure) []byte {
	dst = appendID(append(dst, `{"type":"ERROR"`...), id)
	dst = appendText(dst, `,"code":`, string(f.Code))
	dst = appendText(dst, `,"message":`, f.Message)
	if f.RetryAfterMs > 0 {
		dst = appendInt(dst, `,"retryAfterMs":`, f.RetryAfterMs)
	}
	if f.BanCode != 0 {
		dst = appendInt(dst, `,"banCode":`, int64(f.BanCode))
	}
	return append(dst, '}')
}
