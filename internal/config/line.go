package config

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// line is the command line. Its flags hold the words as they were written: what they mean is read
// together with the other sources.
type line struct {
	all     *pflag.FlagSet
	general *pflag.FlagSet
	health  *pflag.FlagSet   // of the command healthcheck
	groups  []*pflag.FlagSet // beside the variable groups

	help, version bool
	config, url   word
}

// word is the value of a flag, word for word. Its type is what --help shows in its place.
type word struct{ text, placeholder string }

// String implements pflag.Value.
func (w *word) String() string { return w.text }

// Set implements pflag.Value.
func (w *word) Set(text string) error {
	w.text = text
	return nil
}

// Type implements pflag.Value.
func (w *word) Type() string { return w.placeholder }

func newLine() *line {
	l := &line{config: word{placeholder: "FILE"}, url: word{placeholder: "URL"}}
	l.all, l.general, l.health = flagSet(), flagSet(), flagSet()
	l.general.BoolVarP(&l.help, "help", "h", false, "Show this help.")
	l.general.Var(&l.config, "config", "Read settings from this JSON file: an object of flag names and values.")
	l.general.BoolVar(&l.version, "version", false, "Print the version.")
	l.health.Var(&l.url, "url", "Ask this address instead of the private listener's /health.")
	l.all.AddFlagSet(l.general)
	l.all.AddFlagSet(l.health)
	for _, group := range groups {
		set := flagSet()
		for _, row := range group.settings {
			set.Var(&word{placeholder: row.placeholder}, row.name, row.describe())
		}
		l.groups = append(l.groups, set)
		l.all.AddFlagSet(set)
	}
	return l
}

func flagSet() *pflag.FlagSet {
	set := pflag.NewFlagSet("chatroom", pflag.ContinueOnError)
	set.SortFlags = false
	return set
}

// describe is the help of a setting, with its variable and its default.
func (s setting) describe() string {
	help := s.help + " [" + s.variable
	if s.secret {
		help += " or " + s.variable + "_FILE"
	}
	if s.standard != "" {
		help += "; " + s.standard
	}
	return help + "]"
}

// parse reads the command line and reports all that can't be read.
func (l *line) parse(args []string) (c Command, faults []error) {
	words, faults := l.split(args)
	c = Serve
	if len(words) > 0 {
		for _, command := range commands {
			if words[0] == string(command.name) {
				c, words = command.name, words[1:]
				break
			}
		}
	}
	for _, extra := range words {
		faults = append(faults, fmt.Errorf("unexpected argument %q", extra))
	}
	if l.all.Changed("url") && c != Healthcheck {
		faults = append(faults, errors.New("--url: is a flag of the command healthcheck"))
	}
	return c, faults
}

// split sets the flags and returns the words between them. It does so itself because pflag's Parse
// stops at the first fault.
func (l *line) split(args []string) (words []string, faults []error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(words, args[i+1:]...), faults
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			words = append(words, arg)
			continue
		}
		name, value, joined := strings.Cut(arg, "=")
		flag := l.lookup(name)
		// A value that begins with a dash is joined to its flag by =. Otherwise one that was
		// forgotten would swallow the next flag.
		separate := !joined && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-")
		switch {
		case flag == nil:
			faults = append(faults, fmt.Errorf("%s: there is no such flag", name))
			if separate {
				i++ // its value, probably
			}
			continue
		case joined:
		case flag.NoOptDefVal != "":
			value = flag.NoOptDefVal
		case separate:
			i++
			value = args[i]
		default:
			faults = append(faults, fmt.Errorf("%s: has no value (one that begins with a dash is written %s=-…)", name, name))
			if i+1 < len(args) && l.isUnknown(args[i+1]) {
				i++ // the value, which may be a secret: no fault of its own
			}
			continue
		}
		if err := l.all.Set(flag.Name, value); err != nil {
			faults = append(faults, err)
		}
	}
	return words, faults
}

// lookup finds the flag of a name with its dashes, nil when there is none.
func (l *line) lookup(name string) *pflag.Flag {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return l.all.Lookup(long)
	}
	if len(name) == len("-h") {
		return l.all.ShorthandLookup(name[1:])
	}
	return nil
}

// isUnknown says that a word begins with a dash and is no flag.
func (l *line) isUnknown(arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	return arg != "--" && l.lookup(name) == nil
}

// flags are the settings given on the command line.
func (l *line) flags() map[string]string {
	given := map[string]string{}
	for _, set := range l.groups {
		set.VisitAll(func(flag *pflag.Flag) {
			if flag.Changed {
				given[flag.Name] = flag.Value.String()
			}
		})
	}
	return given
}

// columns is the width of --help.
const columns = 80

// usage writes --help.
func (l *line) usage(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`Usage: chatroom [command] [flags]

A chat server. Every setting comes from its flag, else from its environment
variable, else from the config file, else it has its default.

Commands:
`)
	for _, command := range commands {
		fmt.Fprintf(&b, "  %-12s  %s\n", command.name, command.help)
	}
	section := func(title string, set *pflag.FlagSet) {
		fmt.Fprintf(&b, "\n%s:\n%s", title, set.FlagUsagesWrapped(columns))
	}
	section("Flags", l.general)
	section("Flags of healthcheck", l.health)
	for i, group := range groups {
		section(group.title, l.groups[i])
	}
	_, err := io.WriteString(w, b.String())
	return err
}
