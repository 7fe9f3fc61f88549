package wsproto

import (
	"testing"
	"unicode/utf8"
)

var badUTF8 = map[string]string{
	"overlong of two":     "\xC0\xAF",
	"overlong of three":   "\xE0\x80\xAF",
	"overlong of four":    "\xF0\x80\x80\xAF",
	"first surrogate":     "\xED\xA0\x80",
	"last surrogate":      "\xED\xBF\xBF",
	"over U+10FFFF":       "\xF4\x90\x80\x80",
	"byte never used":     "\xFE",
	"lone continuation":   "\x80",
	"ASCII inside":        "\xE2\x82A",
	"start inside":        "\xE2\xE2\x82\xAC",
	"five bytes":          "\xF8\x88\x80\x80\x80",
	"overlong NUL":        "\xC0\x80",
	"continuation behind": "é\x80",
}

// RFC 6455 section 8.1 (row 41): text that is not UTF-8 is refused, in one frame or cut into
// fragments at any place.
func TestInvalidText(t *testing.T) {
	for name, bad := range badUTF8 {
		t.Run(name, func(t *testing.T) {
			text := "κόσμε " + bad
			everyCut(t, server, masked(OpText, true, text+" x"), []string{"error 1007"})
			for i := range len(text) {
				b := join(masked(OpText, false, text[:i]), masked(OpContinuation, true, text[i:]))
				everyCut(t, server, b, []string{"error 1007"})
			}
		})
	}
}

// A code point cut off at the end of the message is refused, over a border of fragments it is not.
func TestSplitCodePoint(t *testing.T) {
	const text = "aé€😀z"
	for i := range len(text) + 1 {
		for j := i; j <= len(text); j++ {
			b := join(masked(OpText, false, text[:i]), masked(OpContinuation, false, text[i:j]), masked(OpContinuation, true, text[j:]))
			everyCut(t, server, b, []string{"text " + text})
		}
		if !utf8.ValidString(text[:i]) {
			everyCut(t, server, masked(OpText, true, text[:i]), []string{"error 1007"})
			everyCut(t, server, join(masked(OpText, false, text[:i]), masked(OpContinuation, true, "")), []string{"error 1007"})
		}
	}
}

// A bad fragment is refused when it arrives, not with the last one.
func TestInvalidTextEarly(t *testing.T) {
	for _, bad := range badUTF8 {
		everyCut(t, server, masked(OpText, false, "ok "+bad), []string{"error 1007"})
	}
	// These can no longer become a code point, though they are only the beginning of one.
	for _, bad := range []string{"\xE0\x80", "\xED\xA0", "\xF0\x80", "\xF4\x90", "\xF0\x80\x80"} {
		everyCut(t, server, masked(OpText, false, "ok "+bad), []string{"error 1007"})
	}
}

func FuzzValidPrefix(f *testing.F) {
	for _, bad := range badUTF8 {
		f.Add([]byte(bad), 1)
	}
	f.Add([]byte("aé€😀"), 4)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		// Checking a text in two parts must come to what utf8.Valid says of the whole.
		cut = max(0, min(cut, len(p)))
		n, ok := validPrefix(p[:cut])
		if n > cut || cut-n >= utf8.UTFMax {
			t.Fatalf("prefix %d of %d", n, cut)
		}
		m, ok2 := validPrefix(p[n:])
		whole := ok && ok2 && n+m == len(p)
		if whole != utf8.Valid(p) {
			t.Fatalf("%q cut at %d: %v", p, cut, whole)
		}
		// What is refused early must be hopeless: no three bytes can complete it.
		if !ok && utf8.Valid(p[:n]) {
			t.Fatalf("%q: refused without cause", p)
		}
	})
}
