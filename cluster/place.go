package cluster

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"

	"chatroom/internal/chat"
)

// Offsets in a member value (scripts/join.lua).
const (
	valueNonce  = 16
	valueNode   = 40
	valueSince  = 72
	valueJoined = 85
	valueUntil  = 98
	valueName   = 111
)

// newEpoch draws an epoch; zero is none.
func newEpoch() chat.Epoch {
	for {
		if e := chat.Epoch(rand.Uint64()); e != 0 {
			return e
		}
	}
}

// hex16 is the text form of an epoch and of an incarnation: sixteen digits.
func hex16(v uint64) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := 15; i >= 0; i-- {
		b[i] = digits[v&15]
		v >>= 4
	}
	return string(b[:])
}

func parseHex16(s string) (uint64, bool) {
	v, err := strconv.ParseUint(s, 16, 64)
	return v, err == nil && len(s) == 16
}

// memberOf reads a member value.
func memberOf(client chat.ClientID, value string) (m chat.Member, ok bool) {
	if len(value) < valueName {
		return m, false
	}
	inc, ok := parseHex16(value[:valueNonce])
	if !ok {
		return m, false
	}
	if _, err := hex.Decode(m.Nonce[:], []byte(value[valueNonce:valueNode])); err != nil {
		return m, false
	}
	m.Client, m.Incarnation, m.Name = client, chat.Incarnation(inc), value[valueName:]
	return m, true
}

func decimal(v uint64) string { return strconv.FormatUint(v, 10) }

func number(s string) uint64 {
	v, _ := strconv.ParseUint(s, 10, 64) // what scripts write; zero for what they don't
	return v
}
