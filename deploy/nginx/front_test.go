// Package nginx holds what nginx needs besides nginx.conf, and the tests that start a real nginx
// with exactly that file in front of real nodes.
package nginx

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/servers"
)

var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "nginx-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if binary, err = servers.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// front is nginx with nodes behind it, each on a loopback address of its own and all on the same
// two ports, as containers are.
type front struct {
	// Immutable after open.
	t     *testing.T
	dir   string
	port  int
	tls   int
	nodes []*servers.Node
	names *dns
	nginx *servers.Process
}

// startFront starts Redis (when more than one node is asked for), nodes and nginx. args are given
// to each node; withTLS gives nginx a certificate.
func startFront(t *testing.T, nodes int, withTLS bool, args ...string) *front {
	t.Helper()
	f := &front{t: t, dir: t.TempDir(), port: freePort(t), tls: freePort(t)}
	args = append([]string{"--trusted-proxies", "127.0.0.1/32", "--drain", "2s", "--log-format", "json"}, args...)
	if nodes > 1 {
		r, err := servers.StartRedis(t.Context(), f.sub("redis"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Stop)
		args = append(args, "--redis-url", r.URL())
	}
	public, private := freePort(t), freePort(t)
	env := []string{"ADMIN_USER=admin", "ADMIN_PASS=a long enough password", "JWT_SECRET=" + strings.Repeat("s", 40)}
	var addresses []netip.Addr
	for i := range nodes {
		host := fmt.Sprintf("127.0.1.%d", i+1)
		n, err := servers.StartNodeAt(t.Context(), f.dir, binary, host, public, private, env, args...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Kill)
		f.nodes = append(f.nodes, n)
		addresses = append(addresses, netip.MustParseAddr(host))
	}
	f.names = startDNS(t, addresses...)
	f.configure(public, private, withTLS)
	f.start()
	return f
}

func (f *front) sub(name string) string {
	dir := filepath.Join(f.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.t.Fatal(err)
	}
	return dir
}

// configure writes the project's own nginx files with only ports and paths exchanged.
func (f *front) configure(public, private int, withTLS bool) {
	tls := f.sub("chatroom-tls")
	paths := []string{
		"listen 80 ", fmt.Sprintf("listen 127.0.0.1:%d ", f.port),
		"listen 443 ", fmt.Sprintf("listen 127.0.0.1:%d ", f.tls),
		"/run/nginx.pid", f.dir + "/nginx.pid",
		"/dev/stderr", f.dir + "/error.log",
		"/dev/stdout", f.dir + "/access.log",
		"/tmp/chatroom-", f.dir + "/chatroom-",
		"/etc/nginx/chatroom-locations.conf", f.dir + "/locations.conf",
		"/etc/nginx/tls", f.dir,
		"resolver 127.0.0.11 ", "resolver " + f.names.conn.LocalAddr().String() + " ",
		"http://chatroom:8080", fmt.Sprintf("http://chatroom:%d", public),
		"http://chatroom:8081", fmt.Sprintf("http://chatroom:%d", private),
	}
	rewrite := strings.NewReplacer(paths...)
	temp := "http {\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("    %s_temp_path %s;\n", kind, f.sub("temp-"+kind))
	}
	head := ""
	if os.Getuid() == 0 {
		head = "user root;\n" // the test's directory belongs to root
	}
	main := head + strings.Replace(rewrite.Replace(f.read("../../nginx.conf")), "http {\n", temp, 1)
	f.write("nginx.conf", main)
	f.write("locations.conf", rewrite.Replace(f.read("locations.conf")))
	if withTLS {
		f.certificate()
		f.write(filepath.Join(filepath.Base(tls), "server.conf"), rewrite.Replace(f.read("tls-server.conf")))
		f.write(filepath.Join(filepath.Base(tls), "redirect.conf"), f.read("redirect.conf"))
	}
}

func (f *front) certificate() {
	f.t.Helper()
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
		"-keyout", filepath.Join(f.dir, "key.pem"), "-out", filepath.Join(f.dir, "cert.pem")).CombinedOutput()
	if err != nil {
		f.t.Fatalf("openssl: %v\n%s", err, out)
	}
}

func (f *front) start() {
	f.t.Helper()
	p, err := servers.Start(f.dir, "nginx", nil, "nginx", "-p", f.dir, "-c", filepath.Join(f.dir, "nginx.conf"), "-g", "daemon off;")
	if err != nil {
		f.t.Fatal(err)
	}
	f.nginx = p
	f.t.Cleanup(func() { _, _ = p.Stop(5 * time.Second) })
	if err := p.Await(f.t.Context(), func() error { return servers.Answers(f.addr()) }); err != nil {
		f.t.Fatal(err)
	}
}

func (f *front) addr() string      { return fmt.Sprintf("127.0.0.1:%d", f.port) }
func (f *front) webSocket() string { return "ws://" + f.addr() + "/ws" }

func (f *front) reload() {
	f.t.Helper()
	if err := f.nginx.Signal(syscall.SIGHUP); err != nil {
		f.t.Fatal(err)
	}
}

func (f *front) read(path string) string {
	f.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *front) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// get asks nginx for a path, without following redirects.
func (f *front) get(path string, header ...string) *http.Response {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	f.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.addr()+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// freePort returns a port that is free on nginx' address and on those of the nodes.
func freePort(t *testing.T) int {
	t.Helper()
	port, err := servers.FreePort("127.0.0.1", "127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4")
	if err != nil {
		t.Fatal(err)
	}
	return port
}
