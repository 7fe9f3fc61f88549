package wsproto

import (
	"crypto/sha1"
	"encoding/base64"
)

const (
	keySize    = 24                                     // base64 of 16 bytes
	acceptSize = 28                                     // base64 of a SHA-1 sum
	acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455 section 1.3
)

// CheckUpgrade reports why a request is no WebSocket handshake of version 13 (RFC 6455 section
// 4.2.1), or nil. Origin, path and subprotocol are for the caller to judge. It allocates nothing.
// Any goroutine.
func CheckUpgrade(r *Request) *HandshakeError {
	// Section 4.1, 2: the method must be GET.
	if string(r.Method) != "GET" {
		return errMethod
	}
	// Section 4.2.1, 3 and 4. RFC 9110 section 7.8: an Upgrade that Connection does not name is to
	// be ignored. Section 4.2.1 would take a list that holds websocket; gobwas/ws and this package
	// take just that one word.
	if r.Upgrade == nil || !equalFold(r.Upgrade, "websocket") || !r.ConnectionUpgrade {
		return errUpgrade
	}
	if r.repeated&(repeatedUpgrade|repeatedKey|repeatedVersion) != 0 {
		return errDuplicate
	}
	// Section 4.2.1, 6 and 4.4: answer another version with the one that is spoken here.
	if string(r.Version) != "13" {
		return errVersion
	}
	// Section 4.2.1, 5.
	if !validKey(r.Key) {
		return errKey
	}
	return nil
}

// validKey asks for what decodes to 16 bytes, as section 4.2.1 puts it; the four bits that base64
// leaves over may be anything.
func validKey(key []byte) bool {
	if len(key) != keySize {
		return false
	}
	var nonce [keySize]byte
	n, err := base64.StdEncoding.Decode(nonce[:], key)
	return err == nil && n == 16
}

// AppendUpgrade appends the 101 answer to a request that passed CheckUpgrade (RFC 6455 section
// 4.2.2). protocol must be one that the request offers, or empty. No extension is ever accepted, so
// offers of permessage-deflate are declined by silence (section 9.1). It allocates only to grow
// dst. Any goroutine.
//
// ws.Upgrader could write it too, from a second parse of the head: BenchmarkUpgrade shows both.
func AppendUpgrade(dst []byte, r *Request, protocol string) []byte {
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	dst = appendAccept(dst, r.Key)
	if protocol != "" {
		dst = append(dst, "\r\nSec-WebSocket-Protocol: "...)
		dst = append(dst, protocol...)
	}
	return append(dst, "\r\n\r\n"...)
}

// appendAccept appends the proof that the key was read (RFC 6455 section 4.2.2, 5.4). gobwas/ws
// has it, unexported.
func appendAccept(dst, key []byte) []byte {
	var in [keySize + len(acceptGUID)]byte
	copy(in[:], key)
	copy(in[keySize:], acceptGUID)
	sum := sha1.Sum(in[:])
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}
