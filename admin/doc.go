// Package admin is the private listener of a node: the operators' API under /admin, the files of
// the dashboard, and /health, /ready and /metrics. It runs on fasthttp with a listener of its own,
// never on the event loops of the chat, so an operator gets through to a node that is busy.
//
// A request goes one way: the raw path is matched against a closed list of routes (everything else
// is 404), then the method, then the token and the rate limits, then the handler. Handlers see the
// cluster only through Node and answer with a value or with an *Error.
package admin
