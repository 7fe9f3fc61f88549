package config

import (
	"errors"
	"fmt"
	"io"
	"strings"
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
	l := newLine()
	command, faults := l.parse(args)
	switch {
	case l.help:
		return Settings{}, errors.Join(ErrAnswered, l.usage(stdout))
	case l.version:
		_, err := fmt.Fprintln(stdout, "chatroom "+Version())
		return Settings{}, errors.Join(ErrAnswered, err)
	}

	src := sources{flags: l.flags()}
	faults = append(faults, src.readEnviron(environ)...)
	if path := l.config.text; path != "" {
		faults = append(faults, src.readFile(path)...)
	}
	s := Settings{Command: command, HealthURL: l.url.text}
	faults = append(faults, s.fill(src)...)
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
