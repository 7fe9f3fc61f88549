package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// sources are the settings as they were written, by flag name.
type sources struct {
	flags   map[string]string
	environ map[string]string
	names   map[string]string // of the variable that environ's value came from
	file    map[string]string
}

// lookup finds the value of a setting, and what to call the place it came from.
func (s *sources) lookup(flag string) (value, origin string, ok bool) {
	if value, ok = s.flags[flag]; ok {
		return value, "--" + flag, true
	}
	if value, ok = s.environ[flag]; ok {
		return value, s.names[flag], true
	}
	if value, ok = s.file[flag]; ok {
		return value, `config file, "` + flag + `"`, true
	}
	return "", "", false
}

// readEnviron takes the variables that are settings, secrets also out of the file that a variable
// ending in _FILE names.
func (s *sources) readEnviron(environ []string) (faults []error) {
	s.environ, s.names = map[string]string{}, map[string]string{}
	all := map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		all[name] = value
	}
	for row := range rows() {
		name := row.variable
		if value := all[name]; value != "" {
			s.environ[row.name], s.names[row.name] = value, name
		}
		path := all[name+"_FILE"]
		if path == "" || !row.secret {
			continue
		}
		if all[name] != "" {
			faults = append(faults, fmt.Errorf("%s and %s_FILE: only one of them can be set", name, name))
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s_FILE: %w", name, err))
			continue
		}
		// Editors and echo end a file with a newline, which nobody means to be part of a secret.
		value := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
		if value == "" {
			faults = append(faults, fmt.Errorf("%s_FILE: %s is empty", name, path))
			continue
		}
		s.environ[row.name], s.names[row.name] = value, name+"_FILE"
	}
	return faults
}

// maxFile is the most bytes of a config file.
const maxFile = 1 << 20

// readFile reads a config file: one JSON object of flag names with strings, numbers, or arrays of
// strings for lists.
func (s *sources) readFile(path string) (faults []error) {
	file, err := os.Open(path)
	if err != nil {
		return []error{fmt.Errorf("--config: %w", err)}
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return []error{fmt.Errorf("--config: %w", err)}
	}
	if len(content) > maxFile {
		return []error{fmt.Errorf("--config: %s has more than %d bytes", path, maxFile)}
	}
	members, err := readObject(content)
	if err != nil {
		return []error{fmt.Errorf("--config: %s: %w", path, err)}
	}
	known := map[string]bool{}
	for row := range rows() {
		known[row.name] = true
	}
	s.file = map[string]string{}
	for _, m := range members {
		_, twice := s.file[m.name]
		switch value, ok := written(m.value); {
		case !known[m.name]:
			faults = append(faults, fmt.Errorf("config file, %q: there is no such setting", m.name))
		case twice:
			faults = append(faults, fmt.Errorf("config file, %q: stands twice", m.name))
		case !ok:
			faults = append(faults, fmt.Errorf("config file, %q: must be a string, a number or an array of strings", m.name))
		default:
			s.file[m.name] = value
		}
	}
	return faults
}

type member struct {
	name  string
	value any
}

// readObject reads the members of one JSON object in their order, equal names included.
func readObject(content []byte) (members []member, err error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.Join(errors.New("must be one JSON object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: name.(string)} // the decoder takes nothing else for a name
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("must be one JSON object")
	}
	return members, nil
}

// written is a JSON value as it would stand on the command line.
func written(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			if parts[i], ok = v[i].(string); !ok {
				return "", false
			}
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}
