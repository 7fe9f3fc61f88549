package asyncapi

import (
	"fmt"

	"github.com/goccy/go-yaml"

	"chatroom/docs"
)

// JSON returns the description as JSON, for programs that make something of it.
func JSON() ([]byte, error) {
	text, err := yaml.YAMLToJSON(docs.AsyncAPI)
	if err != nil {
		return nil, fmt.Errorf("asyncapi: %w", err)
	}
	return text, nil
}
