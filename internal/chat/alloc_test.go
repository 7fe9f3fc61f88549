//go:build !race

package chat

import (
	"bytes"
	"testing"
)

func TestTheWayOfAMessageAllocatesNothing(t *testing.T) {
	plain := []byte(`{"type":"SEND_MESSAGE","id":"0f8fad5b-d9cb-469f-a165-70867728950e","text":"Good morning, everybody","roomId":12345}`)
	escaped := []byte(`{"type":"SEND_MESSAGE","id":"a","text":"\ud83d\ude00 \"quoted\"\n","client":{"x":[1,2]},"y":null}`)
	buffer := make([]byte, 0, 1024)
	work := make([]byte, 0, 1024)
	c := new(Command)
	e := new(Event)
	body := AppendMessageBody(nil, someMessage, 10001, "User 10001", nasty, 5)
	tests := []struct {
		name string
		run  func()
	}{
		{"decode", func() { work = append(work[:0], plain...); _, _ = DecodeCommand(work, c, Limits{}) }},
		{"decode escapes", func() { work = append(work[:0], escaped...); _, _ = DecodeCommand(work, c, Limits{}) }},
		{"body", func() { buffer = AppendMessageBody(buffer[:0], someMessage, 10001, "User 10001", c.Text, 5) }},
		{"head", func() { buffer = append(AppendMessageHead(buffer[:0], 12345, 0xabc, 7), body...) }},
		{"ack", func() { buffer = AppendMessageAck(buffer[:0], "some id", 12345, 0xabc, 7, someMessage, 5, false) }},
		{"user event", func() {
			buffer = AppendUserEvent(buffer[:0], 1, &UserEvent{Kind: EventJoined, Client: 2, Username: nasty})
		}},
		{"decode message event", func() {
			buffer = append(AppendMessageHead(buffer[:0], 12345, 0xabc, 7), body...)
			if err := DecodeEvent(buffer, e); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		test.run() // room for names is made once
		if n := testing.AllocsPerRun(200, test.run); n != 0 {
			t.Errorf("%s: %v allocations", test.name, n)
		}
	}
	if code, sentence := DecodeCommand(bytes.Clone(escaped), c, Limits{}); code != "" {
		t.Error(sentence)
	}
}
