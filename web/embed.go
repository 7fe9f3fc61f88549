// Package web holds the chat page and the dashboard, built from the TypeScript below src by
// web/build and embedded: a running server reads no file and needs no Node.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Chat is the chat page with everything it loads, as complete HTTP/1.1 responses.
var Chat = newSite(below("dist"), "admin/")

// Dashboard is the dashboard of package admin, which answers with headers of its own.
var Dashboard = newFiles(below("dist/admin"))

// below returns the part of dist below dir; an absent directory is an empty one.
func below(dir string) fs.FS {
	sub, err := fs.Sub(dist, dir)
	if err != nil {
		return embed.FS{}
	}
	return sub
}
