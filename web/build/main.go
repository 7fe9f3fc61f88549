// Command build bundles the TypeScript sources of the chat page and the dashboard into web/dist,
// which is committed and embedded: running and building the server needs no Node.
//
//	cd web && npm ci && cd .. && go run ./web/build
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"chatroom/internal/asyncapi"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	web := flags.String("web", "web", "the directory with src, node_modules and dist")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	files, err := build(*web)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, name := range files.names() {
		fmt.Printf("%7d  %s\n", len(files[name]), name)
	}
	return 0
}

// build writes the types of the wire, which the bundles are made with, and then dist.
func build(web string) (tree, error) {
	source, err := asyncapi.JSON()
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	types, err := generateTypes(source)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(web, filepath.FromSlash(wireTypes)), types, 0o644); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	files, err := bundle(web)
	if err != nil {
		return nil, err
	}
	return files, replace(filepath.Join(web, "dist"), files)
}

// replace makes dir hold exactly these files. The old ones go first: hashed names would pile up.
func replace(dir string, files tree) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("build: %w", err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	return nil
}
