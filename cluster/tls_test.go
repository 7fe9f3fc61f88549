package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for 127.0.0.1 and keeps them as PEM files in dir.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	ca   string // its own certificate's file
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.ca, _ = a.sign(name, true)
	return a
}

// sign makes a certificate and returns the files of it and of its key.
func (a *authority) sign(name string, ca bool) (certFile, keyFile string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: ca,
	}
	parent, signer := a.cert, a.key
	if ca {
		cert.KeyUsage, cert.ExtKeyUsage = x509.KeyUsageCertSign, nil
		parent, signer = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if ca {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			a.t.Fatal(err)
		}
		a.key = key
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".crt", "CERTIFICATE", der), a.write(name+".key", "PRIVATE KEY", private)
}

func (a *authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// accessList is the rule that docs/operations.md gives for a user of Redis that may do what a node
// does and little else.
const accessList = "~cr:* &cr:* +@all -@admin -@dangerous +info +config|get +role"

// secured starts a Redis that speaks TLS only, asks for certificates, and has one user.
func secured(t *testing.T, a *authority) (addr string) {
	t.Helper()
	port, dir := freePort(t), t.TempDir()
	cert, key := a.sign("redis", false)
	acl := filepath.Join(dir, "users.acl")
	if err := os.WriteFile(acl, []byte("user default off\nuser chatroom on >s3cr:t "+accessList+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", "--port", "0", "--tls-port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "",
		"--appendonly", "yes", "--dir", dir, "--logfile", "redis.log", "--aclfile", acl,
		"--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", a.ca, "--tls-auth-clients", "yes")
	if err := cmd.Start(); err != nil {
		t.Fatalf("redis-server: %v (apt-get install redis-server)", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr = "127.0.0.1:" + strconv.Itoa(port)
	until(t, "redis listens", func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr
}

func TestTLSAndAccessListByURL(t *testing.T) {
	t.Parallel()
	if text, err := os.ReadFile(filepath.Join("..", "docs", "operations.md")); err != nil || !strings.Contains(string(text), accessList) {
		t.Errorf("docs/operations.md does not name the rule that is tried here: %v", err)
	}
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	addr := secured(t, ours)
	cert, key := ours.sign("node", false)
	strange, strangeKey := theirs.sign("strange", false)
	address := func(user, ca, cert, key string) string {
		q := url.Values{"tls_ca": {ca}}
		if cert != "" {
			q["tls_cert"], q["tls_key"] = []string{cert}, []string{key}
		}
		return "rediss://" + user + "@" + addr + "?" + q.Encode()
	}
	const user = "chatroom:s3cr%3At"
	p := onto(t, address(user, ours.ca, cert, key), nil)
	p.flood(50, "x")
	acked := p.settle()
	if len(acked) != 100 {
		t.Errorf("%d of 100 messages acknowledged", len(acked))
	}
	p.whole(acked)
	p.b.leaves(p.room, p.ben)

	for name, c := range map[string]struct{ url, says string }{
		"another authority":       {address(user, theirs.ca, cert, key), "certificate signed by unknown authority"},
		"another name":            {strings.Replace(address(user, ours.ca, cert, key), "?", "?tls_server_name=redis.example&", 1), "redis.example"},
		"a strange certificate":   {address(user, ours.ca, strange, strangeKey), "tls_cert"},
		"no certificate":          {address(user, ours.ca, "", ""), "tls_cert"},
		"a wrong password":        {address("chatroom:wrong", ours.ca, cert, key), "WRONGPASS"},
		"a user who is not there": {address("nobody:s3cr%3At", ours.ca, cert, key), "WRONGPASS"},
		"no user":                 {strings.Replace(address("", ours.ca, cert, key), "@", "", 1), "NOAUTH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), Config{URL: c.url, ServerID: "00000000-0000-4000-8000-000000000000"}, newEar())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want a word of %q", err, c.says)
			}
		})
	}
}
