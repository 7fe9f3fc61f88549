package wsproto

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// RFC 6455 section 1.3 prints this key and its answer.
func TestAppendUpgrade(t *testing.T) {
	var l Limits
	r, err := l.ParseRequest([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	if got := string(AppendUpgrade(nil, &r, "")); got != head+"\r\n\r\n" {
		t.Errorf("without a subprotocol: %q", got)
	}
	// Rows 17 and 18: the chosen subprotocol is named, no extension ever is.
	if got := string(AppendUpgrade([]byte("x"), &r, "chatroom.v1")); got != "x"+head+"\r\nSec-WebSocket-Protocol: chatroom.v1\r\n\r\n" {
		t.Errorf("with a subprotocol: %q", got)
	}
}

// Row 18: whatever is offered as an extension, valid or not, the answer names none.
func TestExtensionsDeclined(t *testing.T) {
	var l Limits
	for _, offer := range []string{
		"permessage-deflate",
		"permessage-deflate; server_max_window_bits=7",
		"permessage-deflate; server_max_window_bits=16",
		"permessage-deflate; bogus=1",
		"permessage-deflate; server_no_context_takeover; server_no_context_takeover",
		"permessage-deflate, permessage-deflate",
		";;;===,,,", "",
	} {
		head := strings.Replace(good, "permessage-deflate; client_max_window_bits", offer, 1)
		r, err := l.ParseRequest([]byte(head))
		if err != nil || CheckUpgrade(&r) != nil {
			t.Fatalf("%q: %v", offer, err)
		}
		if got := string(AppendUpgrade(nil, &r, "")); strings.Contains(strings.ToLower(got), "extensions") {
			t.Fatalf("%q is answered by %q", offer, got)
		}
	}
}

// Each refusal is a whole answer that net/http can read, and says that the connection ends.
func TestAppendError(t *testing.T) {
	for _, e := range []*HandshakeError{
		errRequestLine, errHeadSize, errHTTPVersion, errMethod, errBodyMethod, errUpgrade, errVersion, errKey,
		{Status: 503, Reason: "the server is full", Headers: []string{"Retry-After: 5"}},
	} {
		in := bufio.NewReader(bytes.NewReader(e.Append(nil)))
		resp, err := http.ReadResponse(in, &http.Request{Method: "GET"})
		if err != nil {
			t.Fatalf("%v: %v", e, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(body) != e.Reason+"\n" || resp.StatusCode != e.Status || !resp.Close {
			t.Errorf("%v: status %d, close %v, body %q, %v", e, resp.StatusCode, resp.Close, body, err)
		}
		if resp.ContentLength != int64(len(body)) || in.Buffered() != 0 {
			t.Errorf("%v: length %d", e, resp.ContentLength)
		}
		for _, h := range e.Headers {
			name, value, _ := strings.Cut(h, ": ")
			if resp.Header.Get(name) != value {
				t.Errorf("%v: %s is %q", e, name, resp.Header.Get(name))
			}
		}
		if e.Status == 426 && resp.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("%v: no version", e)
		}
	}
}

func TestErrorsSpeak(t *testing.T) {
	for want, err := range map[string]error{
		"wsproto: handshake refused with 400: a request body is not accepted": errBody,
		"wsproto: closed with 1009: message too big":                          errTooBig,
		"wsproto: closed with 4000":                                           &CloseError{Code: 4000},
		"wsproto: handshake answered with status 503":                         &ResponseError{Status: 503},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
