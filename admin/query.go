package admin

import (
	"net/url"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"chatroom/internal/chat"
)

// Ranges of what the API takes in a query.
const (
	maxListLimit     = 10_000
	defaultListLimit = 1_000
	maxSearch        = 64  // code points
	maxCursor        = 256 // bytes
	maxReason        = 200 // code points
	minBan           = time.Second
	maxBan           = 365 * 24 * time.Hour
	maxIDDigits      = 16
	maxBanID         = 64 // bytes
)

// parseQuery reads the query of a request. A parameter that is given twice is an error; one that
// the route does not know is ignored.
func parseQuery(raw string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errBadQuery
	}
	for _, v := range values {
		if len(v) > 1 {
			return nil, errBadQuery
		}
	}
	return values, nil
}

// listing is the query of the lists of clients and rooms.
type listing struct {
	q, cursor string
	limit     int
}

func (x *exchange) listing() (listing, error) {
	l := listing{limit: defaultListLimit}
	if x.query.Has("limit") {
		n, err := parseNumber(x.query.Get("limit"), 5)
		if err != nil || n > maxListLimit {
			return l, errBadQuery
		}
		l.limit = int(n)
	}
	l.q, l.cursor = x.query.Get("q"), x.query.Get("cursor")
	if !clean(l.q, maxSearch) || len(l.cursor) > maxCursor || !clean(l.cursor, maxCursor) {
		return l, errBadQuery
	}
	return l, nil
}

// reason is the operator's own words for an action, "" when none are given.
func reason(values url.Values) (string, error) {
	r := values.Get("reason")
	if !clean(r, maxReason) {
		return "", errBadQuery
	}
	return r, nil
}

// banFor is for how long a removed client stays out, 0 when it is not banned.
func banFor(values url.Values) (time.Duration, error) {
	if !values.Has("ban") {
		return 0, nil
	}
	d, err := time.ParseDuration(values.Get("ban"))
	if err != nil || d < minBan || d > maxBan {
		return 0, errBadQuery
	}
	return d, nil
}

// parseID reads an id of a client or a room: ^[1-9]\d{0,15}$.
func parseID(s string) (uint64, error) {
	n, err := parseNumber(s, maxIDDigits)
	if err != nil {
		return 0, errBadID
	}
	return n, nil
}

func (x *exchange) clientID() (chat.ClientID, error) {
	n, err := parseID(x.param)
	return chat.ClientID(n), err
}

func (x *exchange) roomID() (chat.RoomID, error) {
	n, err := parseID(x.param)
	return chat.RoomID(n), err
}

// banID reads the id of a ban, an opaque word.
func (x *exchange) banID() (string, error) {
	if len(x.param) > maxBanID {
		return "", errBadBan
	}
	for _, c := range x.param {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == ':') {
			return "", errBadBan
		}
	}
	return x.param, nil
}

// parseNumber reads a positive decimal number without sign, blanks or leading zeros; strconv takes
// a sign, so the digits are looked at first.
func parseNumber(s string, digits int) (uint64, error) {
	if s == "" || len(s) > digits || s[0] == '0' {
		return 0, errBadQuery
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, errBadQuery
		}
	}
	return strconv.ParseUint(s, 10, 64)
}

// clean says whether a text is valid UTF-8 of at most so many code points, all printable.
func clean(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	for _, r := range s {
		if unprintable(r) {
			return false
		}
	}
	return true
}

// unprintable says whether a character has no place in a line of a log or a table: controls, line
// separators, and the bidirectional controls that make a text look like another.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == utf8.RuneError
}
