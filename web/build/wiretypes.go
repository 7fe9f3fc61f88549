package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// wireTypes is the file of the client library that the description of the WebSocket gives.
const wireTypes = "src/client/wire.gen.ts"

// description is the part of docs/asyncapi.yaml that types are made from.
type description struct {
	Components struct {
		Messages map[string]json.RawMessage
		Schemas  map[string]schema
	}
}

// schema is a JSON Schema as far as the description uses it for shapes; limits are the server's
// business and have no place in a TypeScript type.
type schema struct {
	Ref         string `json:"$ref"`
	Description string
	Type        string
	Const       any
	Enum        []string
	Required    []string
	Properties  map[string]schema
	Items       *schema
	OneOf       []schema
}

// generator turns schemas into TypeScript.
type generator struct {
	schemas  map[string]schema
	messages map[string]json.RawMessage
	out      strings.Builder
}

// generateTypes returns TypeScript for every message of the description, and for the objects and
// enumerations that messages share. Names are in order of the alphabet, fields as they are required.
func generateTypes(source []byte) ([]byte, error) {
	var d description
	if err := json.Unmarshal(source, &d); err != nil {
		return nil, fmt.Errorf("build: asyncapi: %w", err)
	}
	g := &generator{schemas: d.Components.Schemas, messages: d.Components.Messages}
	g.out.WriteString("// Made from docs/asyncapi.yaml by `go run ./web/build`; change that file instead.\n")
	for _, name := range slices.Sorted(maps.Keys(g.schemas)) {
		if err := g.declare(name); err != nil {
			return nil, fmt.Errorf("build: asyncapi: %s: %w", name, err)
		}
	}
	return []byte(g.out.String()), nil
}

// declare writes one named type. Numbers and strings are written where they are used: a name for
// each would tell a compiler nothing.
func (g *generator) declare(name string) error {
	s := g.schemas[name]
	title := g.typeName(name)
	switch {
	case len(s.OneOf) > 0 || s.Type == "object":
		body, err := g.object(merge(s), "")
		if err != nil {
			return err
		}
		fmt.Fprintf(&g.out, "\n%sexport interface %s %s\n", comment(s.Description, ""), title, body)
	case len(s.Enum) > 0:
		fmt.Fprintf(&g.out, "\n%sexport type %s = %s;\n", comment(s.Description, ""), title, union(s.Enum))
	}
	return nil
}

// merge makes one object of alternatives: what not all of them require is optional. A reader of
// events has to look at a field before using it either way.
func merge(s schema) schema {
	if len(s.OneOf) == 0 {
		return s
	}
	merged := s.OneOf[len(s.OneOf)-1]
	for _, other := range s.OneOf {
		merged.Required = slices.DeleteFunc(slices.Clone(merged.Required), func(name string) bool {
			return !slices.Contains(other.Required, name)
		})
	}
	return merged
}

// object writes the braces of an interface and what is between them.
func (g *generator) object(s schema, indent string) (string, error) {
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range fields(s) {
		p := s.Properties[name]
		text, about, err := g.expression(p, indent+"  ")
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		mark := "?"
		if slices.Contains(s.Required, name) {
			mark = ""
		}
		fmt.Fprintf(&b, "%s%s  readonly %s%s: %s;\n", comment(about, indent+"  "), indent, name, mark, text)
	}
	b.WriteString(indent + "}")
	return b.String(), nil
}

// fields are the names of an object's properties: the required ones in their order, then the others.
func fields(s schema) []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// expression writes the type of a value and finds the words that describe it.
func (g *generator) expression(s schema, indent string) (text, about string, err error) {
	if s.Ref != "" {
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		target, ok := g.schemas[name]
		if !ok {
			return "", "", fmt.Errorf("%s is not declared", s.Ref)
		}
		if len(target.Enum) > 0 || target.Type == "object" || len(target.OneOf) > 0 {
			return g.typeName(name), s.Description, nil
		}
		text, _, err = g.expression(target, indent)
		return text, cmp.Or(s.Description, target.Description), err
	}
	switch {
	case s.Const != nil:
		return literal(s.Const), s.Description, nil
	case len(s.Enum) > 0:
		return union(s.Enum), s.Description, nil
	}
	switch s.Type {
	case "string", "boolean":
		return s.Type, s.Description, nil
	case "integer", "number":
		return "number", s.Description, nil
	case "object":
		text, err = g.object(s, indent)
		return text, s.Description, err
	case "array":
		if s.Items == nil {
			return "", "", fmt.Errorf("an array of unknown items")
		}
		text, _, err = g.expression(*s.Items, indent)
		return "readonly " + parenthesised(text) + "[]", s.Description, err
	}
	return "", "", fmt.Errorf("no TypeScript for type %q", s.Type)
}

// typeName is the name in TypeScript: NEW_MESSAGE is NewMessage, a part that would collide with a
// message gets another ending, and ERROR keeps away from the global Error.
func (g *generator) typeName(name string) string {
	if name == "ERROR" {
		return "ErrorEvent"
	}
	if _, message := g.messages[name]; !message {
		title := strings.ToUpper(name[:1]) + name[1:]
		for message := range g.messages {
			if g.typeName(message) == title {
				return title + "Kind"
			}
		}
		return title
	}
	var b strings.Builder
	for _, word := range strings.Split(name, "_") {
		b.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return b.String()
}

func comment(text, indent string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return ""
	}
	return indent + "/** " + text + " */\n"
}

func union(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = literal(word)
	}
	return strings.Join(quoted, " | ")
}

func literal(value any) string {
	if text, ok := value.(string); ok {
		return `"` + text + `"`
	}
	return fmt.Sprint(value)
}

func parenthesised(text string) string {
	if strings.Contains(text, " | ") {
		return "(" + text + ")"
	}
	return text
}
