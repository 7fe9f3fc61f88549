package asyncapi

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"chatroom/internal/chat"
)

// unknowns is the transcript of what a client must live with though it is not described.
const unknowns = "unknown-frames.json"

// TestTheClientLibraryIsTestedWithWhatIsDescribed reads the transcripts that the client library in
// TypeScript is held to: what its server says and what it sends must be this protocol.
func TestTheClientLibraryIsTestedWithWhatIsDescribed(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "web", "testdata", "wire", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, name := range names {
		if filepath.Base(name) == unknowns {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var transcript struct {
			Steps []struct{ Server, Client json.RawMessage }
		}
		if err := json.Unmarshal(text, &transcript); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i, step := range transcript.Steps {
			if step.Server != nil {
				if err := Validate(step.Server); err != nil {
					t.Errorf("%s, step %d: %v", filepath.Base(name), i+1, err)
				}
				if err := chat.DecodeEvent(step.Server, new(chat.Event)); err != nil {
					t.Errorf("%s, step %d: %v", filepath.Base(name), i+1, err)
				}
			}
			if step.Client != nil {
				if err := ValidateCommand(step.Client); err != nil {
					t.Errorf("%s, step %d: %v", filepath.Base(name), i+1, err)
				}
				if code, sentence := chat.DecodeCommand(step.Client, new(chat.Command), chat.Limits{}); code != "" {
					t.Errorf("%s, step %d: %s %s", filepath.Base(name), i+1, code, sentence)
				}
			}
		}
	}
}
