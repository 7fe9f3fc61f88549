package chat

import (
	"encoding/json"
	"strings"
	"testing"
)

// Each run copies the event first, as decoding changes it; the copy is part of the figure.
func BenchmarkDecodeCommand(b *testing.B) {
	benchmarks := []struct{ name, payload string }{
		{"send", `{"type":"SEND_MESSAGE","id":"0f8fad5b-d9cb-469f-a165-70867728950e","text":"Good morning, everybody. How are you?"}`},
		{"send 2000 emoji", `{"type":"SEND_MESSAGE","id":"a","text":"` + strings.Repeat("😀", 2000) + `"}`},
		{"send 2000 escapes", `{"type":"SEND_MESSAGE","id":"a","text":"` + strings.Repeat(`\ud83d\ude00`, 2000) + `"}`},
		{"3000 unknown fields", `{"type":"PING"` + manyFields(3000) + `}`},
		{"ping", `{"type":"PING"}`},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			c := new(Command)
			work := make([]byte, 0, len(bench.payload))
			b.SetBytes(int64(len(bench.payload)))
			b.ReportAllocs()
			for b.Loop() {
				work = append(work[:0], bench.payload...)
				if code, sentence := DecodeCommand(work, c, Limits{}); code != "" {
					b.Fatal(sentence)
				}
			}
		})
	}
}

func manyFields(n int) string {
	var s strings.Builder
	for i := range n {
		s.WriteString(`,"` + string([]byte{'a' + byte(i%26), 'a' + byte(i/26%26), 'a' + byte(i/676)}) + `":0`)
	}
	return s.String()
}

// BenchmarkEncodingJSON is what the standard library takes for the same SEND_MESSAGE, leniently.
func BenchmarkEncodingJSON(b *testing.B) {
	payload := []byte(`{"type":"SEND_MESSAGE","id":"0f8fad5b-d9cb-469f-a165-70867728950e","text":"Good morning, everybody. How are you?"}`)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		var c struct{ Type, ID, Text string }
		if err := json.Unmarshal(payload, &c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendMessageHead(buffer[:0], 12345, 0xabc, 7)
		buffer = AppendMessageBody(buffer, someMessage, 10001, "User 10001", "Good morning, everybody. How are you?", 1700000000000)
	}
}

func BenchmarkDecodeMessageEvent(b *testing.B) {
	event := AppendMessageHead(nil, 12345, 0xabc, 7)
	event = AppendMessageBody(event, someMessage, 10001, "User 10001", "Good morning, everybody. How are you?", 1700000000000)
	work, e := make([]byte, 0, len(event)), new(Event)
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		work = append(work[:0], event...)
		if err := DecodeEvent(work, e); err != nil {
			b.Fatal(err)
		}
	}
}
