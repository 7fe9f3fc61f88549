package asyncapi

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"chatroom/internal/chat"
)

// section is a part of docs/protocol.md from its heading to the next one of that level or above.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("docs/protocol.md has no %q", heading)
	}
	for level, _, _ := strings.Cut(heading, " "); len(level) > 1; level = level[1:] {
		rest, _, _ = strings.Cut(rest, "\n"+level+" ")
	}
	return rest
}

var jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

// examples are the events shown in a section.
func examples(text string) (events []string) {
	for _, block := range jsonBlock.FindAllStringSubmatch(text, -1) {
		events = append(events, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	return events
}

func TestProtocolShowsEveryEventAsItIs(t *testing.T) {
	for _, c := range chat.CommandTypes {
		shown := examples(section(t, "### "+c.String()))
		if len(shown) == 0 {
			t.Errorf("%s has no example", c)
		}
		for _, text := range shown {
			if err := ValidateCommand([]byte(text)); err != nil {
				t.Error(err)
			}
			into := new(chat.Command)
			if code, sentence := chat.DecodeCommand([]byte(text), into, chat.Limits{}); code != "" || into.Type != c {
				t.Errorf("%s shows %s: %s %s", c, text, code, sentence)
			}
		}
	}
	for _, e := range chat.EventTypes {
		shown := examples(section(t, "### "+e.String()))
		if len(shown) == 0 {
			t.Errorf("%s has no example", e)
		}
		for _, text := range shown {
			if err := Validate([]byte(text)); err != nil {
				t.Error(err)
			}
			into := new(chat.Event)
			if err := chat.DecodeEvent([]byte(text), into); err != nil || into.Type != e {
				t.Errorf("%s shows %s: %v", e, text, err)
			}
		}
	}
}

// cells are the contents of the first column of the tables in a text, without code marks.
func cells(text string) (first []string) {
	row := regexp.MustCompile("(?m)^\\| `?([A-Za-z0-9_]+)`? \\|")
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		first = append(first, m[1])
	}
	return first
}

func TestProtocolListsAreTheCodecs(t *testing.T) {
	if got, want := cells(section(t, "### ERROR"))[1:], words(chat.Codes[:]); !slices.Equal(got, want) {
		t.Errorf("error codes %v, the codec has %v", got, want)
	}
	if got, want := cells(section(t, "### USER_EVENT"))[1:], words(chat.EventKinds[:]); !slices.Equal(got, want) {
		t.Errorf("user events %v, the codec has %v", got, want)
	}
	var want []string
	for _, c := range chat.CloseCodes {
		want = append(want, strconv.Itoa(int(c)))
	}
	closes := section(t, "## Close codes")
	if got := cells(closes)[1:]; !slices.Equal(got, want) {
		t.Errorf("close codes %v, the codec has %v", got, want)
	}
	for _, c := range chat.CloseCodes {
		row := regexp.MustCompile(`(?m)^\| ` + strconv.Itoa(int(c)) + ` \| [^|]+ \| (yes|no)[^|]* \| (yes|no|elsewhere) \|$`).FindStringSubmatch(closes)
		if row == nil {
			t.Errorf("close code %d: no whole row", c)
			continue
		}
		if row[1] == "yes" != c.Reconnect() || row[2] == "yes" != c.Resumable() {
			t.Errorf("close code %d: %v, the codec has %v and %v", c, row[1:], c.Reconnect(), c.Resumable())
		}
	}
}

func TestProtocolLimitsAreTheCodecs(t *testing.T) {
	text := section(t, "## Client events") + section(t, "## Events in general") + section(t, "## Framing")
	for _, words := range []string{
		"0 to " + strconv.Itoa(chat.MaxReplay) + ", " + strconv.Itoa(chat.DefaultReplay),
		"1 to " + strconv.Itoa(chat.MaxRooms) + ", " + strconv.Itoa(chat.DefaultRooms),
		"1 to " + strconv.Itoa(chat.MaxHistory) + ", " + strconv.Itoa(chat.DefaultHistory),
		strconv.Itoa(chat.MaxHistoryBytes>>10) + " KiB",
		"1 to " + strconv.Itoa(chat.MaxRequestID) + " printable",
		"more than " + strconv.Itoa(chat.MaxDepth) + " levels",
		"25,024",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("docs/protocol.md does not say %q", words)
		}
	}
	if n := (chat.Limits{}).EventLimit(); n != 25024 {
		t.Errorf("the default event limit is %d", n)
	}
}
