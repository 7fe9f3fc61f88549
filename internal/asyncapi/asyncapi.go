// Package asyncapi holds events against docs/asyncapi.yaml. Tests use it: of the codec, and of what
// a running server really sends.
package asyncapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"chatroom/docs"
	"chatroom/internal/chat"
)

// document is the name under which the compiler knows the file.
const document = "asyncapi.json"

// description is the file, read and compiled once.
type description struct {
	tree     any
	commands map[string]*jsonschema.Schema
	events   map[string]*jsonschema.Schema
}

var load = sync.OnceValues(func() (*description, error) {
	text, err := yaml.YAMLToJSON(docs.AsyncAPI)
	if err != nil {
		return nil, fmt.Errorf("asyncapi: %w", err)
	}
	d := &description{commands: map[string]*jsonschema.Schema{}, events: map[string]*jsonschema.Schema{}}
	if d.tree, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("asyncapi: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7) // what AsyncAPI 3.0 schemas are a superset of
	compiler.AssertFormat()
	if err := compiler.AddResource(document, d.tree); err != nil {
		return nil, fmt.Errorf("asyncapi: %w", err)
	}
	compile := func(into map[string]*jsonschema.Schema, name string) error {
		schema, err := compiler.Compile(document + "#/components/schemas/" + name)
		into[name] = schema
		return err
	}
	for _, t := range chat.CommandTypes {
		if err := compile(d.commands, t.String()); err != nil {
			return nil, fmt.Errorf("asyncapi: %w", err)
		}
	}
	for _, t := range chat.EventTypes {
		if err := compile(d.events, t.String()); err != nil {
			return nil, fmt.Errorf("asyncapi: %w", err)
		}
	}
	return d, nil
})

// Validate says what is wrong with a server event, nil when it is as described: every field named,
// none beside them. Any goroutine.
func Validate(eventJSON []byte) error {
	d, err := load()
	if err != nil {
		return err
	}
	return validate(d.events, eventJSON)
}

// ValidateCommand says what is wrong with a client event. Any goroutine.
func ValidateCommand(commandJSON []byte) error {
	d, err := load()
	if err != nil {
		return err
	}
	return validate(d.commands, commandJSON)
}

func validate(schemas map[string]*jsonschema.Schema, text []byte) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("asyncapi: %w: %s", err, text)
	}
	schema, ok := schemas[head.Type]
	if !ok {
		return fmt.Errorf("asyncapi: type %q is not described: %s", head.Type, text)
	}
	event, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("asyncapi: %w: %s", err, text)
	}
	if err := schema.Validate(event); err != nil {
		return fmt.Errorf("asyncapi: %w in %s", err, text)
	}
	return nil
}
