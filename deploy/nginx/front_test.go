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
	t     testing.TB
	dir   string
	port  int
	tls   int
	nodes []*servers.Node
	names *dns
	nginx *servers.Process
}

// startFront starts Redis (when more than one node is asked for), nodes and nginx. args are given
// to each node; withTLS gives nginx a certificate.
func startFront(t testing.TB, nodes int, withTLS bool, args ...string) *front {
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
	env := []string{"ADMIN_USER=admin", "ADMIN_PASS=" + password, "JWT_SECRET=" + strings.Repeat("s", 40)}
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
	f.configure(public, private)
	if withTLS {
		f.certificate()
	}
	f.start()
	return f
}

// password is the operator's.
const password = "a long enough password"

func (f *front) sub(name string) string {
	dir := filepath.Join(f.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.t.Fatal(err)
	}
	return dir
}

// configure writes the project's own nginx files with only ports and paths exchanged.
func (f *front) configure(public, private int) {
	rewrite := strings.NewReplacer(
		"listen 80 ", fmt.Sprintf("listen 127.0.0.1:%d ", f.port),
		"listen 443 ", fmt.Sprintf("listen 127.0.0.1:%d ", f.tls),
		"127.0.0.1/80", fmt.Sprintf("127.0.0.1/%d", f.port),
		"/run/nginx.pid", f.dir+"/nginx.pid",
		"/dev/stderr", f.dir+"/error.log",
		"/dev/stdout", f.dir+"/access.log",
		"/tmp/chatroom-", f.dir+"/chatroom-",
		"/etc/nginx/chatroom", f.dir+"/etc",
		"/etc/nginx/tls", f.sub("tls"),
		"resolver 127.0.0.11 ", "resolver "+f.names.conn.LocalAddr().String()+" ",
		"chatroom:8080", fmt.Sprintf("chatroom:%d", public),
		"chatroom:8081", fmt.Sprintf("chatroom:%d", private),
		"worker_rlimit_nofile 65536", fmt.Sprintf("worker_rlimit_nofile %d", f.descriptors()),
	)
	head := ""
	if os.Getuid() == 0 {
		head = "user root;\n" // the test's directory belongs to root
	}
	f.sub("etc")
	f.write("nginx.conf", head+rewrite.Replace(f.read("../../nginx.conf")))
	own, err := filepath.Glob("*.conf")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, name := range append(own, "start.sh", "healthcheck.sh") {
		f.write("etc/"+name, rewrite.Replace(f.read(name)))
	}
}

// descriptors is what nginx asks for, or less where the machine gives less.
func (f *front) descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		f.t.Fatal(err)
	}
	return min(65536, limit.Max)
}

func (f *front) certificate() {
	f.t.Helper()
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
		"-keyout", filepath.Join(f.dir, "tls/key.pem"), "-out", filepath.Join(f.dir, "tls/cert.pem")).CombinedOutput()
	if err != nil {
		f.t.Fatalf("openssl: %v\n%s", err, out)
	}
}

func (f *front) start() {
	f.t.Helper()
	env := []string{fmt.Sprintf("HTTPS_PORT=%d", f.tls)}
	p, err := servers.Start(f.dir, "nginx", env, "sh", filepath.Join(f.dir, "etc/start.sh"), "-p", f.dir, "-c", filepath.Join(f.dir, "nginx.conf"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.nginx = p
	f.t.Cleanup(func() { _, _ = p.Stop(5 * time.Second) })
	// It answers before it has heard from DNS where nodes are.
	if err := p.Await(f.t.Context(), f.passes); err != nil {
		f.t.Fatal(err)
	}
}

// passes returns nil when nginx reaches a node.
func (f *front) passes() error {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + f.addr() + "/api/health")
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("nginx answers %d", r.StatusCode)
	}
	return nil
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
func freePort(t testing.TB) int {
	t.Helper()
	port, err := servers.FreePort("127.0.0.1", "127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4")
	if err != nil {
		t.Fatal(err)
	}
	return port
}
