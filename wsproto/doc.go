// Package wsproto is RFC 6455 (The WebSocket Protocol) over byte slices. It opens no socket, starts
// no goroutine and keeps no clock: the caller brings the bytes and the time, and gets views into
// its own bytes back. Only Conn, the blocking client for tests and tools, owns a connection.
//
// A server reads like this:
//
//	end, next, herr := limits.FindHead(buf, from)    // until end > 0
//	req, herr := limits.ParseRequest(buf[:end])      // any HTTP/1.1 request
//	herr = wsproto.CheckUpgrade(&req)                // only where a WebSocket is served
//	out = wsproto.AppendUpgrade(out, &req, protocol) // the 101 answer
//
//	for {
//		ev, n, cerr := decoder.Next(buf[used:], now)
//		used += n
//		...
//		if ev.Kind == wsproto.EventNone {
//			break // discard used bytes, wait for decoder.Need() more
//		}
//	}
//
// Extensions are never negotiated, so every RSV bit is an error. What gobwas/ws does better than a
// few lines here is taken from it: the vectorised mask (Cipher) and the compiled control frames.
// Its Upgrader, ReadFrame and CheckHeader are not used on the way of a byte: they read ahead,
// allocate what a peer declares, and let RSV2, RSV3, non-minimal lengths and duplicate header
// fields pass. The tests hold them beside this package as a second opinion.
//
// No function or method of this package may be used by two goroutines on the same value at once;
// package-level functions may be called by any goroutine.
package wsproto
