package chat

import (
	"strings"
	"testing"
)

func TestCleanName(t *testing.T) {
	tests := []struct {
		name, raw, want string
		ok              bool
	}{
		{"plain", "Ada", "Ada", true},
		{"trimmed", "\t\u00a0Ada \u3000\n", "Ada", true},
		{"empty", "", "", false},
		{"blank", " \t\u2003", "", false},
		{"one", "x", "x", true},
		{"sixteen", strings.Repeat("é", 16), strings.Repeat("é", 16), true},
		{"sixteen after composing", strings.Repeat("e\u0301", 16), strings.Repeat("é", 16), true},
		{"seventeen", strings.Repeat("x", 17), "", false},
		{"sixteen and white space around", " " + strings.Repeat("x", 16) + " ", strings.Repeat("x", 16), true},
		{"endless combining marks", "e" + strings.Repeat("\u0301", 5000), "", false},
		{"decomposes into more", strings.Repeat("\u0958", 9), "", false},
		{"space inside", "Ada L", "Ada L", true},
		{"tab inside", "A\tb", "", false},
		{"newline inside", "A\nb", "", false},
		{"NUL", "A\x00", "", false},
		{"DEL", "A\x7f", "", false},
		{"C1", "A\u0080b", "", false},
		{"line separator inside", "A\u2028b", "", false},
		{"right-to-left override", "A\u202e", "", false},
		{"left-to-right mark", "A\u200e", "", false},
		{"isolate", "\u2066A\u2069", "", false},
		{"Arabic letter mark", "\u061cA", "", false},
		{"zero-width space", "A\u200bb", "", false},
		{"zero-width joiner", "👩\u200d🔬", "", false},
		{"byte order mark", "\ufeffA", "", false},
		{"word joiner", "A\u2060", "", false},
		{"soft hyphen", "A\u00adb", "", false},
		{"tag", "A\U000e0041", "", false},
		{"grapheme joiner", "A\u034f", "", false},
		{"Hangul filler", "\u3164", "", false},
		{"variation selector of an emoji", "❤\ufe0f", "❤\ufe0f", true},
		{"variation selector alone", "\ufe0f", "", false},
		{"other variation selector", "A\ufe00", "", false},
		{"unassigned", "A\u0378", "", false},
		{"noncharacter", "A\uffff", "", false},
		{"unassigned plane", "A\U000a0000", "", false},
		{"emoji", "🦊", "🦊", true},
		{"Arabic", "محمد", "محمد", true},
		{"Devanagari with marks", "हिन्दी", "हिन्दी", true},
		{"Hangul composed", "\u1112\u1161\u11ab", "한", true},
		{"markup is only text", "<img onerror=1>", "<img onerror=1>", true},
		{"not UTF-8", "A\xff", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, sentence := CleanName([]byte(test.raw))
			if (sentence == "") != test.ok || got != test.want {
				t.Errorf("got %q (%s), want %q", got, sentence, test.want)
			}
		})
	}
}

func TestCheckTextRefusesWhatIsNotUTF8(t *testing.T) {
	if CheckText([]byte("a\xff"), Limits{}) == "" {
		t.Error("accepted")
	}
}

func TestEventLimitHoldsTheLongestMessage(t *testing.T) {
	for _, message := range []int{1, 2000, 10_000} {
		limits := Limits{Message: message}
		text := strings.Repeat(`\ud83d\ude00`, message)
		event := `{"type":"SEND_MESSAGE","id":"` + strings.Repeat("x", MaxRequestID) + `","text":"` + text + `","roomId":9007199254740991}`
		if len(event) > limits.EventLimit() {
			t.Errorf("message limit %d: %d bytes over %d", message, len(event), limits.EventLimit())
		}
		if code, sentence := DecodeCommand([]byte(event), new(Command), limits); code != "" {
			t.Errorf("message limit %d: %s", message, sentence)
		}
	}
	if got := (Limits{}).EventLimit(); got != 12*2000+1024 {
		t.Errorf("default is %d", got)
	}
}
