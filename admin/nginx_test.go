package admin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatroom/internal/servers"
)

// nginxConf passes one path on, over connections that it keeps: what it takes for the body of one
// request must not be the head of another for the listener behind it.
const nginxConf = `
daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	upstream admin { server %[2]s; keepalive 1; }
	proxy_http_version 1.1;
	proxy_set_header Connection "";
	server {
		listen 127.0.0.1:%[3]d;
		location = /admin/login { proxy_pass http://admin; }
		location = /admin/events { proxy_pass http://admin; }
		location / { return 404; }
	}
	server { # for requests that never come to their end
		listen 127.0.0.1:%[4]d;
		client_header_timeout 1s;
		client_body_timeout 1s;
		keepalive_timeout 1s;
		location = /admin/login { proxy_pass http://admin; }
		location / { return 404; }
	}
}
`

// startNginx puts nginx in front of a listener and returns its addresses, the impatient one last.
func startNginx(t *testing.T, backend string) (front, impatient string) {
	t.Helper()
	var last error
	for range 5 { // another program may take the port
		dir := t.TempDir()
		port, err := servers.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		other, err := servers.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		conf := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, backend, port, other), 0o600); err != nil {
			t.Fatal(err)
		}
		process, err := servers.Start(dir, "nginx", nil, "nginx", "-p", dir, "-c", conf, "-e", "stderr")
		if err != nil {
			t.Fatalf("nginx can't be started: %v", err)
		}
		t.Cleanup(process.Kill)
		front, impatient = fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("127.0.0.1:%d", other)
		if last = process.Await(t.Context(), func() error { return errors.Join(dial(front), dial(impatient)) }); last == nil {
			return front, impatient
		}
		last = fmt.Errorf("%w: %s", last, process.Log())
	}
	t.Fatal(last)
	return "", ""
}

func dial(address string) error {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	return c.Close()
}

func TestNothingIsSmuggledThroughNginx(t *testing.T) {
	f := start(t, nil)
	front, impatient := startNginx(t, f.server.Addr().String())
	f.server.limits.allow = allowAll
	exchange := func(address, request string) (statuses []int) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		for {
			response, err := http.ReadResponse(r, nil)
			if err != nil {
				return statuses
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			statuses = append(statuses, response.StatusCode)
		}
	}
	good := fmt.Sprintf("POST /admin/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(goodLogin), goodLogin)
	for name, request := range smuggling() {
		f.server.limits.refill()
		exchange(impatient, request)
		// The kept connection to the listener is as good as new.
		if statuses := exchange(front, good); len(statuses) != 1 || statuses[0] != http.StatusOK {
			t.Errorf("after %s: %v", name, statuses)
		}
	}
	text := string(f.do(call{path: "/metrics"}).body)
	if strings.Contains(text, `route="/admin/servers"`) || strings.Contains(text, `route="/health"`) {
		t.Error("a smuggled request arrived")
	}
	if !strings.Contains(text, `route="/admin/login",status="200"`) {
		t.Error("no good request arrived")
	}
}

// refill forgets all buckets.
func (l *limiter) refill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buckets = aging[bucket]{period: l.buckets.period, max: l.buckets.max}
}

// A proxy passes each event on when it happens.
func TestEventsThroughNginx(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	front, _ := startNginx(t, f.server.Addr().String())
	f.base = "http://" + front
	s := f.stream(token)
	first, _ := s.stats(t)
	if first.History == nil {
		t.Errorf("the first event has no history: %+v", first)
	}
	// A sample that was late is followed by one in time, soon.
	for last := first.At; ; {
		next, _ := s.stats(t)
		if next.At <= last || time.Since(time.UnixMilli(next.At)) > patience {
			t.Fatalf("at %d behind %d", next.At, last)
		}
		if next.At-last >= 500 {
			break
		}
		last = next.At
	}
}
