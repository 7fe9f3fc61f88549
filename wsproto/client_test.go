package wsproto

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

func TestAppendRequest(t *testing.T) {
	var l Limits
	o := &RequestOptions{Origin: "https://h", Protocols: []string{"a", "b"}, Headers: []string{"X-Real-IP: 1.2.3.4", "A: b"}}
	b := AppendRequest(nil, "h:1", "/ws?x", o)
	r, err := l.ParseRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckUpgrade(&r); err != nil {
		t.Fatal(err)
	}
	if string(r.Host) != "h:1" || string(r.Path) != "/ws" || string(r.Origin) != "https://h" ||
		!r.Offers("a") || !r.Offers("b") || string(r.RealIP) != "1.2.3.4" {
		t.Fatalf("%q", b)
	}
	// The answer of the server is good for the client.
	protocol, cerr := CheckResponse(AppendUpgrade(nil, &r, "b"), o)
	if cerr != nil || string(protocol) != "b" {
		t.Fatalf("%q, %v", protocol, cerr)
	}
	if protocol, cerr = CheckResponse(AppendUpgrade(nil, &r, ""), o); cerr != nil || protocol != nil {
		t.Fatalf("%q, %v", protocol, cerr)
	}
}

func TestNewKey(t *testing.T) {
	a, b := NewKey(), NewKey()
	if raw, err := base64.StdEncoding.DecodeString(a); err != nil || len(raw) != 16 || a == b {
		t.Fatalf("%q and %q", a, b)
	}
}

// RFC 6455 section 4.1: what a client must find in the answer.
func TestCheckResponse(t *testing.T) {
	const ok = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	o := &RequestOptions{Protocols: []string{"a"}}
	for _, c := range []struct {
		name, old, with string
		want            error
	}{
		{"good", "", "", nil},
		{"offered", "Upgrade:", "Sec-WebSocket-Protocol: a\r\nUpgrade:", nil},
		{"not offered", "Upgrade:", "Sec-WebSocket-Protocol: b\r\nUpgrade:", errResponseProtocol},
		{"extension", "Upgrade:", "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade:", errResponseExtension},
		{"no upgrade", "Upgrade: WebSocket\r\n", "", errResponseUpgrade},
		{"other upgrade", "WebSocket\r\n", "h2c\r\n", errResponseUpgrade},
		{"no connection", "keep-alive, upgrade", "keep-alive", errResponseConn},
		{"no accept", "Sec-WebSocket-Accept", "X", errResponseAccept},
		{"wrong accept", "s3pP", "S3pP", errResponseAccept},
		{"no status", "101 ", "", errResponse},
		{"status of letters", "101", "1x1", errResponse},
		{"bare LF", "WebSocket\r\n", "WebSocket\n", errResponse},
		{"broken field", "Upgrade:", "Upgrade :", errResponse},
		{"cut", "\r\n\r\n", "\r\n", errResponse},
		{"not HTTP", "HTTP/1.1", "SMTP/1.1", errResponse},
	} {
		_, err := CheckResponse([]byte(strings.Replace(ok, c.old, c.with, 1)), o)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	var refused *ResponseError
	_, err := CheckResponse([]byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n"), o)
	if !errors.As(err, &refused) || refused.Status != 503 || !strings.Contains(refused.Head, "Retry-After: 5") {
		t.Fatal(err)
	}
}

// What the two sides append, gobwas/ws reads as meant, at every border of the length's forms.
func TestFramesAsGobwasReadsThem(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 125, 126, 127, 65535, 65536, 70000} {
		payload := bytes.Repeat([]byte("x"), n)
		for _, b := range [][]byte{
			AppendFrame(nil, OpText, payload),
			append(AppendTextHeader(nil, n), payload...),
			AppendMaskedFrame(nil, OpText, true, payload),
			AppendRawFrame(nil, Frame{Op: OpText, Fin: true, Payload: payload}),
		} {
			f, err := ws.ReadFrame(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if f.Header.Masked {
				f = ws.UnmaskFrameInPlace(f)
			}
			if f.Header.OpCode != ws.OpText || !f.Header.Fin || f.Header.Rsv != 0 || !bytes.Equal(f.Payload, payload) {
				t.Fatalf("%d bytes: %+v", n, f.Header)
			}
		}
		if len(AppendTextHeader(nil, n)) != HeaderSize(n) {
			t.Fatalf("header of %d bytes: %d", n, HeaderSize(n))
		}
	}
	raw := AppendRawFrame([]byte("x"), Frame{Op: OpPing, RSV: 5, Unmasked: true, Payload: []byte("a")})
	if string(raw) != "x\x59\x01a" {
		t.Fatalf("%q", raw)
	}
}

func TestAppendClose(t *testing.T) {
	for _, c := range []struct {
		code   CloseCode
		reason string
		want   string
	}{
		{0, "ignored", "\x88\x00"},
		{CloseNoStatus, "", "\x88\x00"},
		{CloseNormal, "", "\x88\x02\x03\xE8"},
		{4501, "banned", "\x88\x08\x11\x95banned"},
	} {
		if got := string(AppendClose(nil, c.code, c.reason)); got != c.want {
			t.Errorf("%d %q: %q, want %q", c.code, c.reason, got, c.want)
		}
	}
	for _, long := range []string{strings.Repeat("r", 200), strings.Repeat("é", 100), strings.Repeat("😀", 40)} {
		frame := AppendClose(nil, 4000, long)
		reason := string(frame[4:])
		if int(frame[1]) != len(frame)-2 || frame[1] > maxControl || frame[1] < maxControl-3 ||
			!utf8.ValidString(reason) || !strings.HasPrefix(long, reason) {
			t.Errorf("%q is cut to %q", long, reason)
		}
	}
}
