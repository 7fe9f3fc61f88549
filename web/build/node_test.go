package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// bundleTests builds every *.test.ts below web/src for Node into dir and returns the files' paths.
func bundleTests(web, dir string) ([]string, error) {
	entries, err := filepath.Glob(filepath.Join(web, "src", "*", "test", "*.test.ts"))
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	result := api.Build(api.BuildOptions{
		EntryPoints: entries,
		Outdir:      dir,
		Bundle:      true,
		Write:       true,
		Platform:    api.PlatformNode,
		Format:      api.FormatESModule,
		Target:      api.ES2022,
		Sourcemap:   api.SourceMapInline,
		OutExtension: map[string]string{
			".js": ".mjs",
		},
	})
	if len(result.Errors) > 0 {
		lines := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return nil, fmt.Errorf("build: tests:\n%s", strings.Join(lines, ""))
	}
	var built []string
	for _, file := range result.OutputFiles {
		built = append(built, file.Path)
	}
	return built, nil
}
