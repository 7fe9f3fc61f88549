package config

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func document(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadmeListsEverySetting(t *testing.T) {
	readme := document(t, "README.md")
	for _, test := range every {
		if !strings.Contains(readme, "`--"+test.flag+"`") || !strings.Contains(readme, "`"+test.variable+"`") {
			t.Errorf("README.md says nothing of --%s and %s", test.flag, test.variable)
		}
	}
}

func TestTheFileInTheDocumentsIsRead(t *testing.T) {
	shown := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(document(t, "docs", "operations.md"))
	if shown == nil || !json.Valid([]byte(shown[1])) {
		t.Fatal("docs/operations.md shows no config file")
	}
	s, err := Parse([]string{"--config", write(t, "c.json", shown[1])}, nil, io.Discard)
	if err != nil || len(s.AllowedOrigins) != 1 || s.RedisURL == "" {
		t.Errorf("%v %+v", err, s)
	}
}

// TestEveryVariableInTheFilesIsASetting finds variables that a compose or unit file sets and no
// setting reads any more.
func TestEveryVariableInTheFilesIsASetting(t *testing.T) {
	variables := map[string]bool{}
	for _, test := range every {
		variables[test.variable], variables[test.variable+"_FILE"] = true, true
	}
	// The service of docker-compose.yml that is ours, and the Dockerfile.
	compose := regexp.MustCompile(`(?s)\n  chatroom:\n.*?\n    environment:\n(.*?)\n    \w`).FindStringSubmatch(document(t, "docker-compose.yml"))
	if compose == nil {
		t.Fatal("docker-compose.yml sets nothing")
	}
	found := regexp.MustCompile(`(?m)^      ([A-Z_]+):`).FindAllStringSubmatch(compose[1], -1)
	for _, line := range regexp.MustCompile(`(?m)^ENV (LISTEN_ADDR.*)$`).FindAllStringSubmatch(document(t, "Dockerfile"), -1) {
		found = append(found, regexp.MustCompile(`([A-Z_]+)=`).FindAllStringSubmatch(line[1], -1)...)
	}
	for _, m := range found {
		if !variables[m[1]] && !strings.HasPrefix(m[1], "GO") {
			t.Errorf("%s is set and no setting", m[1])
		}
	}
}
