package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// Schemes of a Redis URL.
const (
	schemeRedis    = "redis"
	schemeTLS      = "rediss"
	schemeCluster  = "redis+cluster"
	schemeSentinel = "redis+sentinel"
)

// parseURL reads the place of Redis:
//
//	redis://[user:password@]host[:port][/db]
//	rediss://…                                           the same over TLS
//	redis+cluster://[user:password@]host[:port][,host…]  any of its nodes
//	redis+sentinel://[user:password@]host[:port][,host…]/master[/db]   the sentinels
//
// Options in the query: db, tls=true (for the last two schemes), tls_ca, tls_cert, tls_key (PEM
// files), tls_server_name, tls_skip_verify=true, sentinel_user, sentinel_password. The default port
// is 6379, of sentinels 26379.
func parseURL(s string) (rueidis.ClientOption, error) {
	opt := rueidis.ClientOption{}
	if s == "" {
		return opt, errors.New("cluster: no redis url")
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !slices.Contains([]string{schemeRedis, schemeTLS, schemeCluster, schemeSentinel}, scheme) {
		return opt, errors.New("cluster: redis url must begin with redis://, rediss://, redis+cluster:// or redis+sentinel://")
	}
	// The authority may hold several hosts, which net/url refuses; it gets one and the list is ours.
	rest, rawQuery, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		u, err := url.Parse("redis://" + authority[:at] + "@h")
		if err != nil {
			return opt, errors.New("cluster: redis url: user and password must be percent-encoded")
		}
		opt.Username = u.User.Username()
		opt.Password, _ = u.User.Password()
		hosts = authority[at+1:]
	}
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return opt, fmt.Errorf("cluster: redis url: %w", err)
	}
	faults := []error{parseHosts(&opt, scheme, hosts), parsePath(&opt, scheme, path, query)}
	secure := scheme == schemeTLS || query.Get("tls") == "true"
	opt.TLSConfig, err = parseTLS(query, secure)
	faults = append(faults, err)
	if scheme == schemeSentinel {
		opt.Sentinel.TLSConfig = opt.TLSConfig
		opt.Sentinel.Username = query.Get("sentinel_user")
		opt.Sentinel.Password = query.Get("sentinel_password")
	}
	known := []string{"db", "tls", "tls_ca", "tls_cert", "tls_key", "tls_server_name", "tls_skip_verify", "sentinel_user", "sentinel_password"}
	for name := range query {
		if !slices.Contains(known, name) {
			faults = append(faults, fmt.Errorf("cluster: redis url: unknown option %q", name))
		}
	}
	return opt, errors.Join(faults...)
}

func parseHosts(opt *rueidis.ClientOption, scheme, hosts string) error {
	port := "6379"
	if scheme == schemeSentinel {
		port = "26379"
	}
	for host := range strings.SplitSeq(hosts, ",") {
		name, p, err := net.SplitHostPort(host)
		if err != nil {
			name, p = strings.Trim(host, "[]"), port
		}
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 || name == "" {
			return fmt.Errorf("cluster: redis url: %q is no host:port", host)
		}
		opt.InitAddress = append(opt.InitAddress, net.JoinHostPort(name, p))
	}
	if len(opt.InitAddress) > 1 && (scheme == schemeRedis || scheme == schemeTLS) {
		return errors.New("cluster: redis url: several addresses need redis+cluster:// or redis+sentinel://")
	}
	return nil
}

func parsePath(opt *rueidis.ClientOption, scheme, path string, query url.Values) error {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if scheme == schemeSentinel {
		opt.Sentinel.MasterSet, parts = parts[0], parts[1:]
		if opt.Sentinel.MasterSet == "" {
			return errors.New("cluster: redis url: redis+sentinel:// needs the master's name as its path")
		}
	}
	db := query.Get("db")
	if db == "" && len(parts) > 0 {
		db = parts[0]
	}
	if len(parts) > 1 {
		return fmt.Errorf("cluster: redis url: unexpected path %q", path)
	}
	if db == "" {
		return nil
	}
	n, err := strconv.Atoi(db)
	if err != nil || n < 0 {
		return fmt.Errorf("cluster: redis url: %q is no database number", db)
	}
	if n != 0 && scheme == schemeCluster {
		return errors.New("cluster: redis url: a Redis Cluster has only database 0")
	}
	opt.SelectDB = n
	return nil
}

func parseTLS(query url.Values, secure bool) (*tls.Config, error) {
	if !secure {
		for name := range query {
			if strings.HasPrefix(name, "tls_") {
				return nil, fmt.Errorf("cluster: redis url: %s needs rediss:// or tls=true", name)
			}
		}
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: query.Get("tls_server_name")}
	conf.InsecureSkipVerify = query.Get("tls_skip_verify") == "true" // only when asked for by name
	if file := query.Get("tls_ca"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cluster: redis url: tls_ca: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("cluster: redis url: tls_ca: no certificate in %s", file)
		}
	}
	if cert, key := query.Get("tls_cert"), query.Get("tls_key"); cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("cluster: redis url: tls_cert and tls_key: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}
