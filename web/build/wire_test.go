package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"chatroom/internal/asyncapi"
)

// TestScriptedFramesAreTheProtocols holds the frames that the client library is tested with against
// the description of the WebSocket: a fake server must not speak a language of its own.
func TestScriptedFramesAreTheProtocols(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(web, "testdata", "wire", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var conversation struct {
			Steps []struct{ Server, Client json.RawMessage }
		}
		if err := json.Unmarshal(text, &conversation); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, step := range conversation.Steps {
			if step.Client != nil {
				if err := asyncapi.ValidateCommand(step.Client); err != nil {
					t.Errorf("%s: step %d: %v", filepath.Base(file), i+1, err)
				}
			}
			if step.Server != nil && filepath.Base(file) != "unknown-frames.json" {
				if err := asyncapi.Validate(step.Server); err != nil {
					t.Errorf("%s: step %d: %v", filepath.Base(file), i+1, err)
				}
			}
		}
	}
}
