package chat

import (
	"strings"
	"testing"
)

func decode(t *testing.T, payload string) (*Command, Code) {
	t.Helper()
	c := new(Command)
	code, sentence := DecodeCommand([]byte(payload), c, Limits{})
	if (code == "") != (sentence == "") {
		t.Fatalf("code %q with sentence %q", code, sentence)
	}
	return c, code
}

func TestDecodeCommandRefuses(t *testing.T) {
	nested := func(n int) string {
		return `{"type":"PING","x":` + strings.Repeat(`[`, n) + strings.Repeat(`]`, n) + `}`
	}
	send := func(text string) string { return `{"type":"SEND_MESSAGE","id":"a","text":` + text + `}` }
	join := func(room string) string { return `{"type":"JOIN_ROOM","id":"a","roomId":` + room + `}` }
	rename := func(name string) string { return `{"type":"UPDATE_USERNAME","id":"a","username":` + name + `}` }
	tests := []struct {
		name, payload string
		code          Code
		id            string
	}{
		{"nothing", ``, BadJSON, ""},
		{"null", `null`, BadJSON, ""},
		{"array", `[]`, BadJSON, ""},
		{"number", `1`, BadJSON, ""},
		{"string", `""`, BadJSON, ""},
		{"empty object", `{}`, BadRequest, ""},
		{"depth 16", nested(15), "", ""},
		{"depth 17", nested(16), BadJSON, ""},
		{"depth 10000", nested(10000), BadJSON, ""},
		{"unclosed depth", strings.Repeat(`{"a":`, 5000), BadJSON, ""},
		{"known key twice", `{"type":"PING","id":"a","type":"PING"}`, BadJSON, "a"},
		{"id twice", `{"type":"PING","id":"a","id":"b"}`, BadJSON, ""},
		{"unknown key twice", `{"type":"PING","id":"a","x":1,"x":1}`, BadJSON, "a"},
		{"key twice by an escape", `{"type":"PING","id":"a","x":1,"\u0078":1}`, BadJSON, "a"},
		{"known key twice by an escape", `{"type":"PING","\u0074ype":"PING"}`, BadJSON, ""},
		{"nested key twice", `{"type":"PING","x":{"a":1,"a":2}}`, BadJSON, ""},
		{"nested key twice by an escape", `{"type":"PING","x":[{"a":1,"\u0061":2}]}`, BadJSON, ""},
		{"same key in two objects", `{"type":"PING","x":{"a":1},"y":{"a":2}}`, "", ""},
		{"TYPE", `{"TYPE":"PING"}`, BadJSON, ""},
		{"Id", `{"type":"PING","Id":"a"}`, BadJSON, ""},
		{"roomid of no use here", `{"type":"PING","roomid":1}`, BadJSON, ""},
		{"Kelvin sign", `{"type":"PING","Text\u017f":1,"\u017fession":1}`, BadJSON, ""},
		{"trailing object", `{"type":"PING"}{}`, BadJSON, ""},
		{"trailing word", `{"type":"PING"} x`, BadJSON, ""},
		{"trailing NUL", "{\"type\":\"PING\"}\x00", BadJSON, ""},
		{"trailing white space", "{\"type\":\"PING\"} \r\n\t", "", ""},
		{"form feed", "{\"type\":\"PING\"}\f", BadJSON, ""},
		{"byte order mark", "\ufeff{\"type\":\"PING\"}", BadJSON, ""},
		{"NaN", `{"type":"PING","x":NaN}`, BadJSON, ""},
		{"Infinity", `{"type":"PING","x":-Infinity}`, BadJSON, ""},
		{"comment", `{"type":"PING"/**/}`, BadJSON, ""},
		{"single quotes", `{'type':'PING'}`, BadJSON, ""},
		{"trailing comma", `{"type":"PING",}`, BadJSON, ""},
		{"leading comma", `{,"type":"PING"}`, BadJSON, ""},
		{"no comma", `{"type":"PING" "id":"a"}`, BadJSON, ""},
		{"no colon", `{"type" "PING"}`, BadJSON, ""},
		{"bare key", `{type:"PING"}`, BadJSON, ""},
		{"array without comma", `{"type":"PING","x":[1 2]}`, BadJSON, ""},
		{"array with comma at the end", `{"type":"PING","x":[1,]}`, BadJSON, ""},
		{"cut in a string", `{"type":"PI`, BadJSON, ""},
		{"cut in an escape", `{"type":"PING\`, BadJSON, ""},
		{"cut in a literal", `{"type":"PING","x":tru`, BadJSON, ""},
		{"leading zero", `{"type":"PING","x":01}`, BadJSON, ""},
		{"plus", `{"type":"PING","x":+1}`, BadJSON, ""},
		{"point without digits", `{"type":"PING","x":1.}`, BadJSON, ""},
		{"point first", `{"type":"PING","x":.5}`, BadJSON, ""},
		{"exponent without digits", `{"type":"PING","x":1e}`, BadJSON, ""},
		{"minus alone", `{"type":"PING","x":-}`, BadJSON, ""},
		{"any number is fine where ignored", `{"type":"PING","x":-0.5e-300,"y":1e400,"z":-0}`, "", ""},
		{"raw newline in a string", "{\"type\":\"PING\",\"x\":\"\n\"}", BadJSON, ""},
		{"raw tab in a key", "{\"type\":\"PING\",\"\t\":1}", BadJSON, ""},
		{"unknown escape", `{"type":"PING","x":"\x41"}`, BadJSON, ""},
		{"short escape", `{"type":"PING","x":"\u12"}`, BadJSON, ""},
		{"lone high surrogate", send(`"\ud800"`), BadJSON, "a"},
		{"lone low surrogate", send(`"\udc00"`), BadJSON, "a"},
		{"swapped surrogates", send(`"\udc00\ud800"`), BadJSON, "a"},
		{"high surrogate and letter", send(`"\ud83d\u0041"`), BadJSON, "a"},
		{"lone surrogate in an ignored value", `{"type":"PING","x":[{"y":"\ud800"}]}`, BadJSON, ""},
		{"lone surrogate in an ignored key", `{"type":"PING","\ud800":1}`, BadJSON, ""},
		{"surrogate in UTF-8", send("\"\xed\xa0\x80\""), BadJSON, ""},
		{"overlong UTF-8", send("\"\xc0\xaf\""), BadJSON, ""},
		{"type a number", `{"type":1}`, BadRequest, ""},
		{"type null", `{"type":null,"id":"a"}`, BadRequest, "a"},
		{"type unknown", `{"type":"NOPE","id":"a"}`, UnknownType, "a"},
		{"type of the server", `{"type":"NEW_MESSAGE","id":"a"}`, UnknownType, "a"},
		{"type in lower case", `{"type":"ping"}`, UnknownType, ""},
		{"type empty", `{"type":""}`, UnknownType, ""},
		{"type with NUL", `{"type":"PING\u0000"}`, UnknownType, ""},
		{"id empty", `{"type":"PING","id":""}`, BadRequest, ""},
		{"id of 64", `{"type":"PING","id":"` + strings.Repeat("~", 64) + `"}`, "", strings.Repeat("~", 64)},
		{"id of 65", `{"type":"PING","id":"` + strings.Repeat("a", 65) + `"}`, BadRequest, ""},
		{"id not ASCII", `{"type":"PING","id":"é"}`, BadRequest, ""},
		{"id with DEL", `{"type":"PING","id":"\u007f"}`, BadRequest, ""},
		{"id a number", `{"type":"PING","id":1}`, BadRequest, ""},
		{"id null", `{"type":"PING","id":null}`, BadRequest, ""},
		{"message without id", `{"type":"SEND_MESSAGE","text":"x"}`, BadRequest, ""},
		{"message without text", `{"type":"SEND_MESSAGE","id":"a"}`, BadRequest, "a"},
		{"text a number", send(`1`), BadRequest, "a"},
		{"text an object", send(`{}`), BadRequest, "a"},
		{"text empty", send(`""`), TextInvalid, "a"},
		{"text blank", send(`" \n\t\u00a0\u3000\u2028"`), TextInvalid, "a"},
		{"text with NUL", send(`"a\u0000"`), TextInvalid, "a"},
		{"text with a carriage return", send(`"a\rb"`), TextInvalid, "a"},
		{"text with escape", send(`"\u001b[31m"`), TextInvalid, "a"},
		{"text with DEL", send(`"a\u007f"`), TextInvalid, "a"},
		{"text with C1", send(`"a\u0085"`), TextInvalid, "a"},
		{"text with tab and newline", send(`"a\tb\n"`), "", "a"},
		{"text with bidi and zero width", send(`"\u202e\u200b\ufeffx"`), "", "a"},
		{"text of 2000", send(`"` + strings.Repeat("😀", 2000) + `"`), "", "a"},
		{"text of 2000 in escapes", send(`"` + strings.Repeat(`\ud83d\ude00`, 2000) + `"`), "", "a"},
		{"text of 2001", send(`"` + strings.Repeat("x", 2001) + `"`), TextInvalid, "a"},
		{"message to room 0", `{"type":"SEND_MESSAGE","id":"a","text":"x","roomId":0}`, BadRequest, "a"},
		{"message to room null", `{"type":"SEND_MESSAGE","id":"a","text":"x","roomId":null}`, BadRequest, "a"},
		{"join nothing", `{"type":"JOIN_ROOM","id":"a"}`, BadRequest, "a"},
		{"join 0", join(`0`), BadRequest, "a"},
		{"join -1", join(`-1`), BadRequest, "a"},
		{"join -0", join(`-0`), BadRequest, "a"},
		{"join 1", join(`1`), "", "a"},
		{"join 9999", join(`9999`), "", "a"},
		{"join 1.5", join(`1.5`), BadRequest, "a"},
		{"join 1.0", join(`1.0`), BadRequest, "a"},
		{"join 1e5", join(`1e5`), BadRequest, "a"},
		{"join 1e400", join(`1e400`), BadRequest, "a"},
		{"join 2^53-1", join(`9007199254740991`), "", "a"},
		{"join 2^53", join(`9007199254740992`), BadRequest, "a"},
		{"join 2^53+1", join(`9007199254740993`), BadRequest, "a"},
		{"join 2^64+1", join(`18446744073709551617`), BadRequest, "a"},
		{"join a string", join(`"12345"`), BadRequest, "a"},
		{"join a name", join(`"room:1"`), BadRequest, "a"},
		{"join an object", join(`{}`), BadRequest, "a"},
		{"join an array", join(`[12345]`), BadRequest, "a"},
		{"join true", join(`true`), BadRequest, "a"},
		{"replay 0", join(`1,"replay":0`), "", "a"},
		{"replay 200", join(`1,"replay":200`), "", "a"},
		{"replay 201", join(`1,"replay":201`), BadRequest, "a"},
		{"replay -1", join(`1,"replay":-1`), BadRequest, "a"},
		{"replay null", join(`1,"replay":null`), BadRequest, "a"},
		{"epoch alone", join(`1,"epoch":"0000000000000001"`), BadRequest, "a"},
		{"seq alone", join(`1,"seq":1`), BadRequest, "a"},
		{"messageId alone", join(`1,"messageId":"00112233-4455-6677-8899-aabbccddeeff"`), BadRequest, "a"},
		{"seq huge", join(`1,"epoch":"0000000000000001","seq":9007199254740992`), BadRequest, "a"},
		{"seq negative", join(`1,"epoch":"0000000000000001","seq":-1`), BadRequest, "a"},
		{"epoch a number", join(`1,"epoch":1,"seq":1`), BadRequest, "a"},
		{"messageId no UUID", join(`1,"epoch":"0000000000000001","seq":1,"messageId":"x"`), BadRequest, "a"},
		{"create without name", `{"type":"CREATE_ROOM","id":"a"}`, BadRequest, "a"},
		{"create with number", `{"type":"CREATE_ROOM","id":"a","name":1}`, BadRequest, "a"},
		{"private a string", `{"type":"CREATE_ROOM","id":"a","name":"x","private":"true"}`, BadRequest, "a"},
		{"private null", `{"type":"CREATE_ROOM","id":"a","name":"x","private":null}`, BadRequest, "a"},
		{"name empty", rename(`""`), NameInvalid, "a"},
		{"name null", rename(`null`), BadRequest, "a"},
		{"limit 0", `{"type":"LIST_ROOMS","id":"a","limit":0}`, BadRequest, "a"},
		{"limit 101", `{"type":"LIST_ROOMS","id":"a","limit":101}`, BadRequest, "a"},
		{"cursor empty", `{"type":"LIST_ROOMS","id":"a","cursor":""}`, BadRequest, "a"},
		{"cursor a number", `{"type":"LIST_ROOMS","id":"a","cursor":5}`, BadRequest, "a"},
		{"history limit 201", `{"type":"GET_HISTORY","id":"a","limit":201}`, BadRequest, "a"},
		{"before and after", `{"type":"GET_HISTORY","id":"a","before":1,"after":1}`, BadRequest, "a"},
		{"before a string", `{"type":"GET_HISTORY","id":"a","before":"1"}`, BadRequest, "a"},
		{"resume without session", `{"type":"RESUME","id":"a"}`, BadRequest, "a"},
		{"resume with a number", `{"type":"RESUME","id":"a","session":1}`, BadRequest, "a"},
		{"resume with seq alone", `{"type":"RESUME","id":"a","session":"s","seq":1}`, "", "a"},
		{"fields of other events are ignored", `{"type":"PING","id":"a","roomId":"x","limit":{},"text":null}`, "", "a"},
		{"sender and server in the payload", send(`"x","sender":1,"serverId":"y","from":{"clientId":1}`), "", "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, code := decode(t, test.payload)
			if code != test.code || string(c.ID) != test.id {
				t.Errorf("got %q, id %q; want %q, id %q", code, c.ID, test.code, test.id)
			}
		})
	}
}
