package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// maxLibrary is the most that the library may add to somebody's page, minified, gzip at its best level.
const maxLibrary = 9 << 10

// examples are the TypeScript blocks of a README.
var examples = regexp.MustCompile("(?s)```ts\n(.*?)```")

// TestPackage packs the client library as it is published, installs it elsewhere, and compiles and
// loads the examples of its README there.
func TestPackage(t *testing.T) {
	install(t)
	consumer := installPackage(t, pack(t))
	home := filepath.Join(consumer, "node_modules", "@chatroom", "client")

	var published []string
	if err := fs.WalkDir(os.DirFS(home), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			published = append(published, name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts"} {
		if !slices.Contains(published, name) {
			t.Errorf("%s is not in the package", name)
		}
	}
	for _, name := range published {
		if strings.HasPrefix(name, "dist/") && path.Ext(name) != ".js" && !strings.HasSuffix(name, ".d.ts") {
			t.Errorf("%s is in the package", name)
		}
	}

	library := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(home, "dist", "index.js")},
		Bundle:      true, MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
		Format: api.FormatESModule,
	})
	if len(library.OutputFiles) != 1 {
		t.Fatalf("bundling the package: %v", library.Errors)
	}
	size := zipped(t, library.OutputFiles[0].Contents)
	t.Logf("%d bytes compressed", size)
	if size > maxLibrary {
		t.Errorf("the library has %d bytes compressed, the limit is %d", size, maxLibrary)
	}

	readme, err := os.ReadFile(filepath.Join(home, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := examples.FindAllSubmatch(readme, -1)
	if len(blocks) == 0 {
		t.Fatal("the README has no example")
	}
	compiler, err := filepath.Abs(filepath.Join(web, "node_modules", ".bin", "tsc"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks {
		// What an application brings along itself.
		text := append([]byte("declare function clearScreen(): void;\n"), block[1]...)
		if err := os.WriteFile(filepath.Join(consumer, "example.ts"), text, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, resolution := range [][2]string{{"nodenext", "nodenext"}, {"esnext", "bundler"}} {
			output(t, consumer, compiler, "--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom",
				"--module", resolution[0], "--moduleResolution", resolution[1], "example.ts")
		}
	}
	phase := output(t, consumer, "node", "--input-type=module", "--eval",
		`import { ChatClient } from "@chatroom/client"; console.log(new ChatClient({ url: "ws://127.0.0.1/ws" }).state.phase)`)
	if strings.TrimSpace(phase) != "idle" {
		t.Errorf("a new client says %q", phase)
	}
}

// pack makes the package from a copy of the sources and returns the archive's path.
func pack(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"client", filepath.Join("src", "client")} {
		if err := os.CopyFS(filepath.Join(root, "web", dir), os.DirFS(filepath.Join(web, dir))); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{
		filepath.Join(web, "tsconfig.json"): filepath.Join(root, "web", "tsconfig.json"),
		filepath.Join(web, "..", "LICENSE"): filepath.Join(root, "LICENSE"),
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// What an earlier packing left in the tree is no part of this one.
	if err := os.RemoveAll(filepath.Join(root, "web", "client", "dist")); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs(filepath.Join(web, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(root, "web", "node_modules")); err != nil {
		t.Fatal(err)
	}
	output(t, filepath.Join(root, "web", "client"), "npm", "pack", "--pack-destination", root)
	archives, err := filepath.Glob(filepath.Join(root, "*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("archives: %v %v", archives, err)
	}
	return archives[0]
}

// installPackage installs an archive into a project of its own and returns the project's directory.
func installPackage(t *testing.T, archive string) string {
	t.Helper()
	project := t.TempDir()
	if err := os.WriteFile(filepath.Join(project, "package.json"), []byte(`{"private": true, "type": "module"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	output(t, project, "npm", "install", "--offline", "--no-audit", "--no-fund", archive)
	return project
}
