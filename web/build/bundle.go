package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// tree maps slash-separated paths below dist to contents.
type tree map[string][]byte

// names returns the paths in order.
func (t tree) names() []string {
	names := make([]string, 0, len(t))
	for name := range t {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// surface is one thing that people open: a directory of sources with index.html, main.tsx and
// main.css, and the place of its files in dist.
type surface struct{ source, place string }

// surfaces are built in this order; a directory that is absent is left out.
var surfaces = []surface{{"src/page", ""}, {"src/dashboard", "admin"}}

// bundle builds everything below web into memory. Equal sources give equal bytes: names come from
// contents, and paths are relative to web.
func bundle(web string) (tree, error) {
	root, err := filepath.Abs(web)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	files := tree{}
	for _, s := range surfaces {
		if _, err := os.Stat(filepath.Join(root, s.source, "main.tsx")); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := s.build(root, files); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (s surface) build(root string, files tree) error {
	result := api.Build(s.options(root))
	if len(result.Errors) > 0 {
		lines := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return fmt.Errorf("build: %s:\n%s", s.source, strings.Join(lines, ""))
	}
	for _, file := range result.OutputFiles {
		name, err := filepath.Rel(filepath.Join(root, "dist"), file.Path)
		if err != nil {
			return fmt.Errorf("build: %w", err)
		}
		files[filepath.ToSlash(name)] = file.Contents
	}
	return s.page(root, result.Metafile, files)
}

func (s surface) options(root string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: root,
		EntryPointsAdvanced: []api.EntryPoint{
			{InputPath: s.source + "/main.tsx", OutputPath: "main"},
			{InputPath: s.source + "/main.css", OutputPath: "style"},
			{InputPath: "src/design/icon.svg", OutputPath: "icon"},
		},
		Outdir:            filepath.Join(root, "dist", s.place, "assets"),
		EntryNames:        "[name]-[hash]",
		ChunkNames:        "[name]-[hash]",
		AssetNames:        "[name]-[hash]",
		Bundle:            true,
		Splitting:         true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		JSX:               api.JSXAutomatic,
		JSXImportSource:   "preact",
		Loader:            map[string]api.Loader{".svg": api.LoaderCopy},
		Metafile:          true,
	}
}

// page writes index.html: its placeholders become the hashed names. The addresses stay relative,
// so the page works below any prefix that a proxy puts before it.
func (s surface) page(root, metafile string, files tree) error {
	var meta struct {
		Outputs map[string]struct{ EntryPoint string }
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return fmt.Errorf("build: metafile: %w", err)
	}
	template, err := os.ReadFile(filepath.Join(root, s.source, "index.html"))
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	html := string(template)
	for output, o := range meta.Outputs {
		if o.EntryPoint != "" {
			html = strings.ReplaceAll(html, "{{"+path.Base(o.EntryPoint)+"}}", "assets/"+path.Base(output))
		}
	}
	if i := strings.Index(html, "{{"); i >= 0 {
		return fmt.Errorf("build: %s/index.html: nothing was built for %.30q", s.source, html[i:])
	}
	files[path.Join(s.place, "index.html")] = []byte(html)
	return nil
}
