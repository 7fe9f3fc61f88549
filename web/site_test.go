package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// parse reads a frozen response with the standard library's client side.
func parse(t *testing.T, method string, raw []byte) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequest(method, "http://host/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response, body
}

func get(t *testing.T, path, acceptEncoding, ifNoneMatch string) (*http.Response, []byte) {
	t.Helper()
	raw, ok := Chat.Respond(path, acceptEncoding, ifNoneMatch)
	if !ok {
		t.Fatalf("%s: nothing", path)
	}
	return parse(t, http.MethodGet, raw)
}

func TestPageComesWithEverythingItNames(t *testing.T) {
	response, page := get(t, "/", "", "")
	if response.StatusCode != http.StatusOK || response.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("page: %d, %q", response.StatusCode, response.Header.Get("Cache-Control"))
	}
	names := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(page), -1)
	if len(names) < 3 {
		t.Fatalf("the page names %d files", len(names))
	}
	for _, name := range names {
		asset, body := get(t, "/"+name[1], "", "")
		if !strings.Contains(asset.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s may change: %q", name[1], asset.Header.Get("Cache-Control"))
		}
		if asset.ContentLength != int64(len(body)) || len(body) == 0 {
			t.Errorf("%s: length %d, body %d", name[1], asset.ContentLength, len(body))
		}
	}
}

func TestPageKeepsStrangersOut(t *testing.T) {
	response, _ := get(t, "/", "", "")
	for name, part := range map[string]string{
		"Content-Security-Policy": "default-src 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Vary":                    "Accept-Encoding",
	} {
		if !strings.Contains(response.Header.Get(name), part) {
			t.Errorf("%s: %q", name, response.Header.Get(name))
		}
	}
	policy := response.Header.Get("Content-Security-Policy")
	for _, hole := range []string{"unsafe", "http:", "https:", "*"} {
		if strings.Contains(policy, hole) {
			t.Errorf("the policy allows %s: %s", hole, policy)
		}
	}
}

func TestGzipHoldsTheSameBytes(t *testing.T) {
	_, plain := get(t, "/", "", "")
	response, zipped := get(t, "/", "br, gzip;q=0.8", "")
	if response.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("encoding %q", response.Header.Get("Content-Encoding"))
	}
	reader, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(unzipped, plain) {
		t.Error("the two variants differ")
	}
}

func TestNegotiation(t *testing.T) {
	for header, want := range map[string]bool{
		"":                       false,
		"gzip":                   true,
		"GZIP":                   true,
		"deflate, gzip;q=1.0":    true,
		"gzip;q=0":               false,
		"gzip; q=0.000":          false,
		"gzip;q=0.001":           true,
		"*":                      true,
		"*;q=0":                  false,
		"gzip;q=0, *":            false,
		"identity, br":           false,
		"notgzip, gzipped":       false,
		"identity;q=0.5, x-gzip": true,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestUnchangedIsNotSentAgain(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		first, _ := get(t, "/", encoding, "")
		etag := first.Header.Get("ETag")
		for _, condition := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
			raw, _ := Chat.Respond("/", encoding, condition)
			response, body := parse(t, http.MethodGet, raw)
			if response.StatusCode != http.StatusNotModified || len(body) != 0 {
				t.Errorf("%s with %q: %d, %d bytes", encoding, condition, response.StatusCode, len(body))
			}
		}
		if again, _ := get(t, "/", encoding, `"other"`); again.StatusCode != http.StatusOK {
			t.Errorf("another ETag: %d", again.StatusCode)
		}
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	raw, _ := Chat.Respond("/", "", "")
	head := Head(raw)
	response, body := parse(t, http.MethodHead, head)
	if len(body) != 0 || response.ContentLength <= 0 || !bytes.HasPrefix(raw, head) {
		t.Errorf("length %d, body %d", response.ContentLength, len(body))
	}
}

func TestOnlyThePageIsPublic(t *testing.T) {
	for _, path := range []string{"/admin/index.html", "/admin/", "/admin", "/../embed.go", "/assets/", "/assets", "", "//", "/index.htm", "/favicon.ico"} {
		if _, ok := Chat.Respond(path, "", ""); ok {
			t.Errorf("%q has an answer", path)
		}
	}
}
