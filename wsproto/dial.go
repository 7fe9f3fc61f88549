package wsproto

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
)

// DialOptions is what Dial may be told. The zero value is a plain connection with a random key.
type DialOptions struct {
	RequestOptions
	// Limits bounds what the server may send (DefaultClientMessage and the other defaults).
	Limits Limits
	// TLS configures wss; nil means the system's roots and the host's name.
	TLS *tls.Config
	// Addr is dialled instead of the URL's host, which stays in the Host field.
	Addr string
	// ManualPong leaves pings unanswered.
	ManualPong bool
	// AcceptBinary delivers binary messages instead of failing on them.
	AcceptBinary bool
}

// Dial opens a WebSocket to a ws: or wss: URL. ctx bounds dialling and handshake, not the
// connection's life. An answer other than 101 is a *ResponseError. Any goroutine.
func Dial(ctx context.Context, rawURL string, o DialOptions) (*Conn, error) {
	c, err := dial(ctx, rawURL, &o)
	if err != nil {
		return nil, fmt.Errorf("wsproto: dial: %w", err)
	}
	return c, nil
}

func dial(ctx context.Context, rawURL string, o *DialOptions) (*Conn, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	port := map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	if port == "" {
		return nil, fmt.Errorf("scheme %q is neither ws nor wss", u.Scheme)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	addr := o.Addr
	if addr == "" {
		addr = net.JoinHostPort(u.Hostname(), port)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "wss" {
		conn = tls.Client(conn, tlsConfig(o.TLS, u.Hostname()))
	}
	if o.Key == "" {
		o.Key = NewKey()
	}
	c, err := handshake(ctx, conn, u, o)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func tlsConfig(base *tls.Config, host string) *tls.Config {
	config := &tls.Config{}
	if base != nil {
		config = base.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	return config
}

// handshake asks for the upgrade and keeps the bytes behind the answer: a server may send frames in
// the same packet.
func handshake(ctx context.Context, conn net.Conn, u *url.URL, o *DialOptions) (*Conn, error) {
	limits := o.Limits
	c := &Conn{
		conn:    conn,
		manual:  o.ManualPong,
		decoder: NewClientDecoder(&limits),
		mu:      make(chan struct{}, 1),
	}
	if o.AcceptBinary {
		c.decoder.AcceptBinary()
	}
	path := u.RequestURI()
	if err := c.WriteRaw(ctx, AppendRequest(nil, u.Host, path, &o.RequestOptions)); err != nil {
		return nil, err
	}
	stop := c.bound(ctx, conn.SetReadDeadline)
	defer stop()
	for from := 0; ; {
		end, next, herr := limits.FindHead(c.bytes, from)
		if herr != nil {
			return nil, errResponse
		}
		if end > 0 {
			protocol, err := CheckResponse(c.bytes[:end], &o.RequestOptions)
			if err != nil {
				return nil, err
			}
			c.protocol, c.used = string(protocol), end
			return c, nil
		}
		from = next
		if err := c.fill(); err != nil {
			return nil, c.failure(ctx, "handshake", err)
		}
	}
}
