package chat

// Code is the `code` of an ERROR event. The list is closed; a code is never renamed.
type Code string

// The error codes of protocol 1 (contract, "Server events").
const (
	BadJSON        Code = "BAD_JSON"
	BadRequest     Code = "BAD_REQUEST"
	UnknownType    Code = "UNKNOWN_TYPE"
	NameInvalid    Code = "NAME_INVALID"
	TextInvalid    Code = "TEXT_INVALID"
	NotInRoom      Code = "NOT_IN_ROOM"
	RoomNotFound   Code = "ROOM_NOT_FOUND"
	RoomDeleted    Code = "ROOM_DELETED"
	SessionInvalid Code = "SESSION_INVALID"
	RateLimited    Code = "RATE_LIMITED"
	Unavailable    Code = "UNAVAILABLE"
	Capacity       Code = "CAPACITY"
	Banned         Code = "BANNED"
)

// BanCode is the `banCode` of ERROR BANNED: the client drops its queue and its retries.
const BanCode = 101010

// Codes lists every error code.
var Codes = [...]Code{
	BadJSON, BadRequest, UnknownType, NameInvalid, TextInvalid, NotInRoom, RoomNotFound, RoomDeleted,
	SessionInvalid, RateLimited, Unavailable, Capacity, Banned,
}
