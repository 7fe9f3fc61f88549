package chat

import "errors"

// ErrUnknownCursor is what the listings of the operators return for a cursor that they did not
// hand out: the caller's fault, unlike every other error of theirs. Callers ask with errors.Is.
var ErrUnknownCursor = errors.New("chat: unknown cursor")
