package cluster

import (
	"crypto/sha1" //nolint:gosec // the name Redis gives a script, not a signature
	"embed"
	"encoding/hex"
	"fmt"
)

//go:embed scripts/*.lua
var scriptFiles embed.FS

// script is one Lua program of scripts/, called by its SHA-1.
type script struct {
	// Immutable after open.
	name string
	text string
	sha  string
}

// mustScript reads scripts/<name>.lua. The files are compiled in, so only a misspelt name fails, and
// that in every start.
func mustScript(name string) *script {
	text, err := scriptFiles.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("cluster: no script %q", name))
	}
	sum := sha1.Sum(text) //nolint:gosec // as above
	return &script{name: name, text: string(text), sha: hex.EncodeToString(sum[:])}
}
