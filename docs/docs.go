// Package docs holds the descriptions of our interfaces that programs read as well.
package docs

import _ "embed"

// AsyncAPI is asyncapi.yaml, the description of the WebSocket.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte
