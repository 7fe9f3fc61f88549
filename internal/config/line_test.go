package config

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestFaultsOfTheCommandLine also proves that a fault does not hide what stands behind it: each line
// is read with a bad --drain at its end.
func TestFaultsOfTheCommandLine(t *testing.T) {
	for _, test := range []struct {
		args  []string
		fault string
	}{
		{[]string{"--colour", "red", "--shape=round"}, "--colour: there is no such flag\n  --shape: there is no such flag"},
		{[]string{"-x", "5", "-y"}, "-x: there is no such flag\n  -y: there is no such flag"},
		{[]string{"-hx"}, "-hx: there"},
		{[]string{"---listen", ":1"}, "---listen: there"},
		{[]string{"--=x"}, "--: there"},
		{[]string{"--listen"}, "--listen: has no value"},
		{[]string{"--config", "--listen", ":1"}, "--config: has no value"},
		{[]string{"--admin-pass", "-hunter2"}, "--admin-pass: has no value"},
		{[]string{"--version=perhaps"}, "--version"},
		{[]string{"--url", "http://host/"}, "--url"},
		{[]string{"dance"}, `unexpected argument "dance"`},
		{[]string{"serve", "now"}, `unexpected argument "now"`},
		{[]string{"-"}, `unexpected argument "-"`},
		{[]string{""}, `unexpected argument ""`},
	} {
		_, err := Parse(append(test.args, "--drain=never"), nil, io.Discard)
		if ExitCode(err) != 2 || !strings.Contains(err.Error(), test.fault) || !strings.Contains(err.Error(), "--drain:") {
			t.Errorf("%q: %v", test.args, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the message shows a password: %v", test.args, err)
		}
	}
	if _, err := Parse([]string{"--", "serve", "--listen=:1"}, nil, io.Discard); ExitCode(err) != 2 {
		t.Errorf("a flag behind --: %v", err)
	}
}

func TestTheLastOfEqualFlagsCounts(t *testing.T) {
	s, err := Parse([]string{"--redis-prefix", "a:", "serve", "--redis-prefix=-b:"}, nil, io.Discard)
	if err != nil || s.RedisPrefix != "-b:" || s.Command != Serve {
		t.Errorf("%v %+v", err, s)
	}
}

func TestHelpAnswersWhateverElseIsAsked(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"healthcheck", "--help"}, {"--colour", "-h"}, {"dance", "--help"}, {"--help", "--version"}} {
		var out bytes.Buffer
		if _, err := Parse(args, nil, &out); !errors.Is(err, ErrAnswered) || !strings.HasPrefix(out.String(), "Usage: chatroom") {
			t.Errorf("%q: %v, %q", args, err, out.String())
		}
	}
}

func TestHelpFitsATerminal(t *testing.T) {
	var out bytes.Buffer
	if _, err := Parse([]string{"--help"}, nil, &out); !errors.Is(err, ErrAnswered) {
		t.Fatal(err)
	}
	for text := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimSuffix(text, "\n"))); n > columns {
			t.Errorf("%d columns: %s", n, text)
		}
	}
	for _, heading := range []string{"Commands:", "Flags:", "Flags of healthcheck:", "Connections:", "Chat:", "Redis:", "Administration:", "Logs:"} {
		if !strings.Contains(out.String(), "\n"+heading+"\n") {
			t.Errorf("no heading %s", heading)
		}
	}
}

func TestEveryFlagHasAReader(t *testing.T) {
	setters := (&Settings{}).setters()
	for row := range rows() {
		if setters[row.name] == nil {
			t.Errorf("--%s is read by nothing", row.name)
		}
		delete(setters, row.name)
	}
	for name := range setters {
		t.Errorf("%s is no flag", name)
	}
}
