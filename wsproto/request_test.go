package wsproto

import (
	"slices"
	"strings"
	"testing"
)

// good is a handshake as a browser behind a proxy sends it.
const good = "GET /ws?room=1 HTTP/1.1\r\n" +
	"Host: chat.example:8080\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: keep-alive, Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Protocol: other, chatroom.v1\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
	"Origin: https://chat.example\r\n" +
	"X-Forwarded-For: 203.0.113.7, 10.0.0.1\r\n" +
	"X-Real-IP: 203.0.113.7\r\n" +
	"Accept-Encoding: gzip, br\r\n" +
	"If-None-Match: \"abc\"\r\n" +
	"User-Agent: \xE9 tab\there\r\n" +
	"\r\n"

func status(err *HandshakeError) int {
	if err == nil {
		return 0
	}
	return err.Status
}

// answer runs a head through all checks of a server and returns the status, 101 when it passes.
func answer(l *Limits, head string) int {
	end, _, err := l.FindHead([]byte(head), 0)
	if err != nil {
		return err.Status
	}
	if end == 0 {
		return 0
	}
	r, err := l.ParseRequest([]byte(head[:end]))
	if err != nil {
		return err.Status
	}
	if err := CheckUpgrade(&r); err != nil {
		return err.Status
	}
	return 101
}

func TestParseRequest(t *testing.T) {
	var l Limits
	r, err := l.ParseRequest([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"method", r.Method, "GET"},
		{"path", r.Path, "/ws"},
		{"query", r.Query, "room=1"},
		{"host", r.Host, "chat.example:8080"},
		{"origin", r.Origin, "https://chat.example"},
		{"upgrade", r.Upgrade, "websocket"},
		{"key", r.Key, "dGhlIHNhbXBsZSBub25jZQ=="},
		{"version", r.Version, "13"},
		{"protocols", r.Protocols, "other, chatroom.v1"},
		{"forwarded for", r.ForwardedFor, "203.0.113.7, 10.0.0.1"},
		{"real ip", r.RealIP, "203.0.113.7"},
		{"accept encoding", r.AcceptEncoding, "gzip, br"},
		{"if none match", r.IfNoneMatch, `"abc"`},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if !r.WantsUpgrade() || !r.ConnectionUpgrade || r.ConnectionClose {
		t.Error("connection options")
	}
	if !r.Offers("chatroom.v1") || r.Offers("chatroom") || r.Offers("CHATROOM.V1") || r.Offers("") {
		t.Error("offers")
	}
}

// An empty field differs from one that was not sent.
func TestEmptyField(t *testing.T) {
	var l Limits
	r, err := l.ParseRequest([]byte("GET / HTTP/1.1\r\nhost:h\r\nORIGIN: \t \r\nconnection: Close\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Origin == nil || len(r.Origin) != 0 || r.RealIP != nil || r.Query != nil {
		t.Fatalf("origin %v, real ip %v, query %v", r.Origin, r.RealIP, r.Query)
	}
	if r.WantsUpgrade() || !r.ConnectionClose || string(r.Host) != "h" {
		t.Fatal("plain request")
	}
}

// Rows 1 to 9, 12 and 16 of the handshake: each refusal and its status.
func TestRefusals(t *testing.T) {
	swap := func(old, with string) string {
		if strings.Count(good, old) != 1 {
			t.Fatalf("%q is not once in the good head", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	with := func(line string) string { return swap("Host:", line+"\r\nHost:") }
	cases := []struct {
		name string
		head string
		want int
	}{
		{"good", good, 101},
		{"1 POST", swap("GET ", "POST "), 405},
		{"1 POST with a body", swap("GET /ws?room=1 HTTP/1.1\r\n", "POST /ws HTTP/1.1\r\nContent-Length: 1\r\n"), 405},
		{"1 HEAD", swap("GET ", "HEAD "), 405},
		{"1 OPTIONS *", swap("GET /ws?room=1", "OPTIONS *"), 405},
		{"1 lower case", swap("GET ", "get "), 405},
		{"2 HTTP/1.0", swap("HTTP/1.1", "HTTP/1.0"), 505},
		{"2 HTTP/2.0", swap("HTTP/1.1", "HTTP/2.0"), 505},
		{"2 HTTP/0.9", "GET /\r\n\r\n", 400},
		{"2 HTTP/11", swap("HTTP/1.1", "HTTP/11"), 400},
		{"2 lower case", swap("HTTP/1.1", "http/1.1"), 400},
		{"2 space behind", swap("HTTP/1.1", "HTTP/1.1 "), 400},
		{"3 no Host", swap("Host: chat.example:8080\r\n", ""), 400},
		{"3 two Hosts", with("Host: other"), 400},
		{"3 the same Host twice", with("hOST: chat.example:8080"), 400},
		{"3 empty Host", swap("chat.example:8080", ""), 400},
		{"3 Host with a path", swap("chat.example:8080", "chat.example/x"), 400},
		{"3 Host list", swap("chat.example:8080", "a, b"), 400},
		{"3 Host with user", swap("chat.example:8080", "a@b"), 400},
		{"3 IPv6 Host", swap("chat.example:8080", "[::1]:8080"), 101},
		{"4 no Upgrade", swap("Upgrade: websocket\r\n", ""), 426},
		{"4 h2c", swap("websocket\r\n", "h2c\r\n"), 426},
		{"4 any case", swap("websocket\r\n", "WebSocket\r\n"), 101},
		{"4 not in Connection", swap("keep-alive, Upgrade", "keep-alive"), 426},
		{"4 Connection in two lines", swap("keep-alive, Upgrade", "keep-alive\r\nConnection: UPGRADE"), 101},
		{"4 two Upgrades", with("Upgrade: websocket"), 400},
		{"5 version 8", swap("Version: 13", "Version: 8"), 426},
		{"5 version 013", swap("Version: 13", "Version: 013"), 426},
		{"5 version list", swap("Version: 13", "Version: 13, 8"), 426},
		{"5 no version", swap("Sec-WebSocket-Version: 13\r\n", ""), 426},
		{"5 two versions", with("Sec-WebSocket-Version: 13"), 400},
		{"6 no key", swap("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400},
		{"6 empty key", swap("dGhlIHNhbXBsZSBub25jZQ==", ""), 400},
		{"6 15 bytes", swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j"), 400},
		{"6 17 bytes", swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZWU="), 400},
		{"6 24 characters, 18 bytes", swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZWVl"), 400},
		{"6 not base64", swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j!!=="), 400},
		{"6 padding inside", swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhl=HNhbXBsZSBub25jZQ=="), 400},
		{"6 two keys", with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400},
		{"7 Content-Length", with("Content-Length: 0"), 400},
		{"7 Transfer-Encoding", with("Transfer-Encoding: chunked"), 400},
		{"7 any case", with("transfer-ENCODING: x"), 400},
		{"8 bare LF", swap("Upgrade: websocket\r\n", "Upgrade: websocket\n"), 400},
		{"8 bare LF in the request line", swap("HTTP/1.1\r\n", "HTTP/1.1\n"), 400},
		{"8 bare CR", with("A: b\rc"), 400},
		{"8 CR CR LF", with("A: b\r"), 400},
		{"8 folded", with("A: b\r\n c"), 400},
		{"8 folded at first", swap("\r\nHost:", "\r\n Host:"), 400},
		{"8 space before colon", with("A : b"), 400},
		{"8 no colon", with("A"), 400},
		{"8 no name", with(": b"), 400},
		{"8 name with a slash", with("a/b: c"), 400},
		{"8 NUL", with("A: b\x00c"), 400},
		{"8 ESC", with("A: \x1B[31m"), 400},
		{"8 DEL", with("A: b\x7F"), 400},
		{"8 NUL in the target", swap("room=1", "room=\x00"), 400},
		{"8 two spaces", swap("GET /", "GET  /"), 400},
		{"8 tab", swap("GET /", "GET\t/"), 400},
		{"8 space in the target", swap("room=1", "room= 1"), 400},
		{"8 fragment in the target", swap("room=1", "room#1"), 400},
		{"8 absolute target", swap("/ws?", "http://a/ws?"), 400},
		{"8 no target", swap("/ws?room=1 ", ""), 400},
		{"8 not ASCII in the target", swap("room=1", "room=é"), 400},
		{"12 two Origins", with("Origin: https://evil"), 400},
		{"23 two X-Real-IP", with("X-Real-IP: 1.2.3.4"), 400},
		{"22 TLS", "\x16\x03\x01\x02\x00\x01\x00", 400},
		{"22 random", "\x00\xFF\xFE", 400},
		{"22 empty line first", "\r\n" + good, 400},
		{"9 endless line", "GET /" + strings.Repeat("a", DefaultHead), 431},
		{"9 endless head", "GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", DefaultHead/6), 431},
	}
	var l Limits
	for _, c := range cases {
		if got := answer(&l, c.head); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// Limits.Head and Limits.Headers (row 9), to the byte and to the field.
func TestHeadLimits(t *testing.T) {
	var l Limits
	pad := strings.Repeat("p", DefaultHead-len(good)-len("P: \r\n"))
	fits := strings.Replace(good, "Host:", "P: "+pad+"\r\nHost:", 1)
	if len(fits) != DefaultHead || answer(&l, fits) != 101 || answer(&l, fits+"more") != 101 {
		t.Fatalf("a head of %d bytes is refused", len(fits))
	}
	long := strings.Replace(good, "Host:", "P: p"+pad+"\r\nHost:", 1)
	if got := answer(&l, long); got != 431 {
		t.Fatalf("a head of %d bytes: %d", len(long), got)
	}
	if _, err := l.ParseRequest([]byte(long)); status(err) != 431 {
		t.Fatalf("parsing a head of %d bytes: %v", len(long), err)
	}
	fields := strings.Count(good, "\r\n") - 2
	more := strings.Repeat("A: b\r\n", DefaultHeaders-fields)
	if got := answer(&l, strings.Replace(good, "Host:", more+"Host:", 1)); got != 101 {
		t.Fatalf("64 fields: %d", got)
	}
	if got := answer(&l, strings.Replace(good, "Host:", "A: b\r\n"+more+"Host:", 1)); got != 431 {
		t.Fatalf("65 fields: %d", got)
	}
	if got := answer(&Limits{Headers: 3}, good); got != 431 {
		t.Fatalf("own limit of fields: %d", got)
	}
	if got := answer(&Limits{Head: 100}, good); got != 431 {
		t.Fatalf("own limit of bytes: %d", got)
	}
}

// FindHead looks at no byte twice, finds the same end at every cut, and leaves what follows
// (rows 10, 14, 15 and 44).
func TestFindHeadIncremental(t *testing.T) {
	var l Limits
	b := []byte(good + "\x81\x80 and frames behind")
	for step := 1; step < len(b); step++ {
		from := 0
		for n := min(step, len(b)); ; n = min(n+step, len(b)) {
			end, next, err := l.FindHead(b[:n], from)
			if err != nil {
				t.Fatal(err)
			}
			if end > 0 {
				if end != len(good) {
					t.Fatalf("step %d: end %d, want %d", step, end, len(good))
				}
				break
			}
			if next != n || n == len(b) {
				t.Fatalf("step %d: next %d of %d", step, next, n)
			}
			from = next
		}
	}
}

func TestParseRequestWantsExactlyTheHead(t *testing.T) {
	var l Limits
	for i := range len(good) {
		if _, err := l.ParseRequest([]byte(good[:i])); err == nil {
			t.Fatalf("%d bytes of the head passed", i)
		}
	}
	if _, err := l.ParseRequest([]byte(good + "x")); err == nil {
		t.Fatal("a byte behind the head passed")
	}
}

func TestHops(t *testing.T) {
	var l Limits
	for lines, want := range map[string][]string{
		"A: b":                                {},
		"X-Forwarded-For: 1.1.1.1":            {"1.1.1.1"},
		"X-Forwarded-For:":                    {""},
		"X-Forwarded-For: 1.1.1.1, 2.2.2.2,3": {"3", "2.2.2.2", "1.1.1.1"},
		"x-forwarded-for: a, b\r\nB: c\r\nX-Forwarded-For: c , d\r\nX-FORWARDED-FOR: e": {"e", "d", "c", "b", "a"},
	} {
		r, err := l.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for hop := range r.Hops {
			got = append(got, string(hop))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", lines, got, want)
		}
		for range r.Hops {
			break // a walk may stop anywhere
		}
	}
}

// RFC 6455 section 11.3.4: offers may be spread over several fields.
func TestOffersOverSeveralFields(t *testing.T) {
	var l Limits
	r, err := l.ParseRequest([]byte("GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Protocol: a ,b\r\nsec-websocket-protocol:c\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"a", "b", "c"} {
		if !r.Offers(p) {
			t.Errorf("%s is not offered", p)
		}
	}
	if r.Offers("a ,b") || r.Offers("d") {
		t.Error("offers too much")
	}
}

func TestLimitsValidate(t *testing.T) {
	if err := (&Limits{}).Validate(); err != nil {
		t.Fatal(err)
	}
	err := (&Limits{Head: -1, Headers: -1, Message: -1, Fragments: -1, MessageTime: -1}).Validate()
	for _, name := range []string{"Head", "Headers", "Message", "Fragments", "MessageTime"} {
		if err == nil || !strings.Contains(err.Error(), "limit "+name+" ") {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}
