package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// ErrAnswered says that the command line only asked for help or the version, which was written to
// stdout: the program ends with success.
var ErrAnswered = errors.New("config: answered")

// Error holds every fault of the settings.
type Error struct{ Faults []error }

// Error lists the faults, one a line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("config: the settings can't be used:")
	for _, fault := range e.Faults {
		b.WriteString("\n  ")
		b.WriteString(strings.ReplaceAll(fault.Error(), "\n", "\n  "))
	}
	return b.String()
}

// Unwrap gives the faults to errors.Is and errors.As.
func (e *Error) Unwrap() []error { return e.Faults }

// ExitCode is the exit status for the error that Parse, or the program behind it, ended with: 0 for
// none and ErrAnswered, 2 for faulty settings, otherwise 1.
func ExitCode(err error) int {
	var faulty *Error
	switch {
	case err == nil, errors.Is(err, ErrAnswered):
		return 0
	case errors.As(err, &faulty):
		return 2
	}
	return 1
}

// Parse reads the settings. args is the command line without the program's name, environ what
// os.Environ returns; an empty variable counts as not set. checks are asked about the Settings as
// well, so that the faults that only other packages know come in the same Error; where a value was
// faulty already they see its default.
func Parse(args, environ []string, stdout io.Writer, checks ...func(Settings) error) (Settings, error) {
	var g grammar
	app, answered, err := build(&g, stdout)
	if err != nil {
		return Settings{}, fmt.Errorf("config: %w", err)
	}
	args, faults := knownArgs(app, args)
	context, err := app.Parse(args)
	if *answered {
		return Settings{}, ErrAnswered
	}
	if err != nil {
		faults = append(faults, err)
	}
	if g.Version {
		_, err := fmt.Fprintln(stdout, "chatroom "+Version())
		return Settings{}, errors.Join(ErrAnswered, err)
	}

	src := sources{flags: flagValues(app)}
	faults = append(faults, src.readEnviron(app, environ)...)
	if g.Config != "" {
		faults = append(faults, src.readFile(app, g.Config)...)
	}
	s := Settings{Command: Serve, HealthURL: g.Healthcheck.URL}
	if context != nil && err == nil {
		s.Command = Command(context.Command())
	}
	faults = append(faults, s.fill(app, src)...)
	faults = append(faults, s.cross()...)
	for _, check := range checks {
		if err := check(s); err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return s, &Error{faults}
	}
	return s, nil
}

// build makes the parser; answered turns true when it has written help.
func build(g *grammar, stdout io.Writer) (app *kong.Kong, answered *bool, err error) {
	answered = new(bool)
	app, err = kong.New(g,
		kong.Name("chatroom"),
		kong.Description("A chat server. Every setting comes from its flag, else from its environment variable, else from the config file, else it has its default."),
		kong.Writers(stdout, io.Discard),
		kong.Exit(func(int) { *answered = true }),
		kong.ExplicitGroups(headings()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.ValueFormatter(describe),
	)
	return app, answered, err
}

func headings() []kong.Group {
	var all []kong.Group
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, kong.Group{Key: key, Title: groups[key]})
	}
	return all
}

// describe is the help of one flag, with its variable and its default.
func describe(v *kong.Value) string {
	variable := v.Tag.Get("variable")
	if variable == "" {
		return v.Help
	}
	if v.Tag.Has("secret") {
		variable += " or " + variable + "_FILE"
	}
	help := v.Help + " [" + variable
	if standard := v.Tag.Get("standard"); standard != "" {
		help += "; " + standard
	}
	return help + "]"
}

// knownArgs takes unknown flags out of args, each with its value, and reports them: kong would stop
// at the first.
func knownArgs(app *kong.Kong, args []string) (known []string, faults []error) {
	names := map[string]bool{"help": true, "url": true}
	for _, flag := range app.Model.Flags {
		names[flag.Name] = true
	}
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		name, _, hasValue := strings.Cut(name, "=")
		if !isFlag || name == "" || names[name] {
			known = append(known, args[i])
			if isFlag && !hasValue && name != "help" && name != "version" && name != "" && i+1 < len(args) {
				i++ // its value, whatever that looks like
				known = append(known, args[i])
			}
			continue
		}
		faults = append(faults, fmt.Errorf("--%s: there is no such flag", name))
		if !hasValue && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			i++
		}
	}
	return known, faults
}

// flagValues are the settings given as flags.
func flagValues(app *kong.Kong) map[string]string {
	given := map[string]string{}
	for _, flag := range app.Model.Flags {
		if value, ok := flag.Target.Interface().(*string); ok && value != nil {
			given[flag.Name] = *value
		}
	}
	return given
}
