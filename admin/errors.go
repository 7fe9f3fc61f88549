package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// Error is an answer that is not a success: {"error":{"code","message"}}. Its texts are constants of
// this package, so nothing that a caller sent ever comes back.
type Error struct {
	Status     int    // HTTP status
	Code       string // for programs
	Message    string // a sentence for a person
	RetryAfter int    // seconds; 0 = no header
}

// Error makes an Error an error.
func (e *Error) Error() string { return "admin: " + e.Message }

// The answers of the listener itself.
var (
	errNotFound     = &Error{Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "There is nothing here."}
	errNoClient     = &Error{Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "There is no such client."}
	errNoRoom       = &Error{Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "There is no such room."}
	errNoBan        = &Error{Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "There is no such ban."}
	errMethod       = &Error{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED", Message: "This method is not allowed here."}
	errUnauthorized = &Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Message: "A valid bearer token is needed."}
	errLogin        = &Error{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Message: "The user name or the password is wrong."}
	errBadRequest   = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "The request is malformed."}
	errBadID        = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "The id is not a positive number of at most 16 digits."}
	errBadBan       = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "The id of the ban is malformed."}
	errBadQuery     = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "A value in the query is malformed or out of its range."}
	errBadLogin     = &Error{Status: http.StatusBadRequest, Code: "BAD_REQUEST", Message: "The body must be one JSON object with the strings username and password."}
	errLength       = &Error{Status: http.StatusLengthRequired, Code: "LENGTH_REQUIRED", Message: "A body must come with its Content-Length."}
	errTooLarge     = &Error{Status: http.StatusRequestEntityTooLarge, Code: "PAYLOAD_TOO_LARGE", Message: "The body is larger than 4 KiB."}
	errMediaType    = &Error{Status: http.StatusUnsupportedMediaType, Code: "UNSUPPORTED_MEDIA_TYPE", Message: "The body must be application/json."}
	errHeadTooLarge = &Error{Status: http.StatusRequestHeaderFieldsTooLarge, Code: "HEADER_TOO_LARGE", Message: "The head of the request is larger than 8 KiB."}
	errTimeout      = &Error{Status: http.StatusRequestTimeout, Code: "TIMEOUT", Message: "The request did not arrive in time."}
	errInternal     = &Error{Status: http.StatusInternalServerError, Code: "INTERNAL", Message: "The server made a mistake; it is in its log."}
	errUnavailable  = &Error{Status: http.StatusServiceUnavailable, Code: "UNAVAILABLE", Message: "The cluster can't be reached now.", RetryAfter: 1}
	errLoginBusy    = &Error{Status: http.StatusServiceUnavailable, Code: "UNAVAILABLE", Message: "Too many logins at a time.", RetryAfter: 1}
	errStreams      = &Error{Status: http.StatusServiceUnavailable, Code: "UNAVAILABLE", Message: "Too many event streams are open.", RetryAfter: 5}
	errDraining     = &Error{Status: http.StatusServiceUnavailable, Code: "UNAVAILABLE", Message: "This node is stopping.", RetryAfter: 1}
)

func errRateLimited(wait time.Duration) *Error {
	return &Error{Status: http.StatusTooManyRequests, Code: "RATE_LIMITED", Message: "Too many requests.", RetryAfter: seconds(wait)}
}

// write answers with the error.
func (e *Error) write(ctx *fasthttp.RequestCtx) {
	ctx.Response.ResetBody()
	h := &ctx.Response.Header
	if e.RetryAfter > 0 {
		h.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(e.RetryAfter))
	}
	if e.Status == http.StatusUnauthorized {
		h.Set(fasthttp.HeaderWWWAuthenticate, "Bearer")
	}
	writeJSON(ctx, e.Status, map[string]any{"error": map[string]string{"code": e.Code, "message": e.Message}})
}

// asError turns what a handler returned into an answer. internal is true when the operator of the
// node should see the cause.
func asError(err error) (answer *Error, internal bool) {
	if errors.As(err, &answer) {
		return answer, false
	}
	return errUnavailable, true
}
