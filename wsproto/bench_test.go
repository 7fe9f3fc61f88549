package wsproto

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/gobwas/ws"
)

// The decode benchmarks give one buffer of whole messages to one decoder and count bytes of
// payload. Each round first copies the frames afresh, because decoding unmasks in place.

func BenchmarkDecoder(b *testing.B) {
	for _, n := range []int{16, 100, 1000, 16000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			const count = 16
			frames := bytes.Repeat(masked(OpText, true, string(bytes.Repeat([]byte("m"), n))), count)
			benchmarkDecode(b, NewDecoder(nil), frames, n*count)
		})
	}
	b.Run("1000 in 10 fragments", func(b *testing.B) {
		part := string(bytes.Repeat([]byte("m"), 100))
		frames := masked(OpText, false, part)
		for range 8 {
			frames = append(frames, masked(OpContinuation, false, part)...)
		}
		benchmarkDecode(b, NewDecoder(nil), append(frames, masked(OpContinuation, true, part)...), 1000)
	})
}

func BenchmarkClientDecoder(b *testing.B) {
	for _, n := range []int{100, 250} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			frames := bytes.Repeat(AppendFrame(nil, OpText, bytes.Repeat([]byte("m"), n)), 16)
			benchmarkDecode(b, NewClientDecoder(nil), frames, n*16)
		})
	}
}

func benchmarkDecode(b *testing.B, d Decoder, frames []byte, payload int) {
	buf := make([]byte, len(frames))
	b.SetBytes(int64(payload))
	b.ReportAllocs()
	for b.Loop() {
		for left := buf[:copy(buf, frames)]; ; {
			ev, n, err := d.Next(left, 1)
			if err != nil {
				b.Fatal(err)
			}
			if left = left[n:]; ev.Kind == EventNone {
				break
			}
		}
	}
}

func BenchmarkAppendFrame(b *testing.B) {
	payload := bytes.Repeat([]byte("m"), 250)
	var dst []byte
	b.SetBytes(250)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendFrame(dst[:0], OpText, payload)
	}
}

func BenchmarkAppendMaskedFrame(b *testing.B) {
	payload := bytes.Repeat([]byte("m"), 100)
	var dst []byte
	b.SetBytes(100)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendMaskedFrame(dst[:0], OpText, true, payload)
	}
}

// BenchmarkUpgrade is a whole handshake of a server from the bytes of the head: by this package, and
// by the Upgrader of gobwas/ws behind the checks it leaves out.
func BenchmarkUpgrade(b *testing.B) {
	var l Limits
	head := []byte(good)
	parse := func(b *testing.B) Request {
		end, _, err := l.FindHead(head, 0)
		if err != nil || end != len(head) {
			b.Fatal(end, err)
		}
		r, err := l.ParseRequest(head)
		if err != nil || CheckUpgrade(&r) != nil || !r.Offers("chatroom.v1") {
			b.Fatal(err)
		}
		return r
	}
	b.Run("wsproto", func(b *testing.B) {
		var dst []byte
		b.ReportAllocs()
		for b.Loop() {
			r := parse(b)
			dst = AppendUpgrade(dst[:0], &r, "chatroom.v1")
		}
	})
	b.Run("gobwas", func(b *testing.B) {
		var out bytes.Buffer
		u := ws.Upgrader{Protocol: func(p []byte) bool { return string(p) == "chatroom.v1" }}
		b.ReportAllocs()
		for b.Loop() {
			_ = parse(b)
			out.Reset()
			rw := struct {
				io.Reader
				io.Writer
			}{bytes.NewReader(head), &out}
			if _, err := u.Upgrade(rw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSlowloris feeds a head of the greatest size byte by byte: the cost of a byte must not
// depend on how many came before.
func BenchmarkSlowloris(b *testing.B) {
	for _, size := range []int{1 << 10, 8 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := Limits{Head: size + 1}
			head := append([]byte("GET / HTTP/1.1\r\nA: "), bytes.Repeat([]byte("a"), size)...)[:size]
			for b.Loop() {
				for n, from := 1, 0; n <= size; n++ {
					_, next, err := l.FindHead(head[:n], from)
					if err != nil {
						b.Fatal(err)
					}
					from = next
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/byte")
		})
	}
}
