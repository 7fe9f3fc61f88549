package admin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// forge signs any header and claims with HMAC-SHA256.
func forge(header string, claims map[string]any, secret string) string {
	body, _ := json.Marshal(claims)
	signed := b64(header) + "." + b64(string(body))
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

const goodHeader = `{"alg":"HS256","typ":"JWT"}`

// goodClaims are those of a token that passes, changed by pairs of a name and a value; nil removes.
func goodClaims(changes ...any) map[string]any {
	now := time.Now().Unix()
	c := map[string]any{"iss": tokenIssuer, "aud": tokenAudience, "sub": testUser, "iat": now, "nbf": now, "exp": now + 600}
	for i := 0; i+1 < len(changes); i += 2 {
		c[changes[i].(string)] = changes[i+1]
	}
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// attacks are tokens that must not pass.
func attacks(t *testing.T) map[string]string {
	t.Helper()
	good := forge(goodHeader, goodClaims(), testSecret)
	parts := strings.Split(good, ".")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, key any) string {
		s, err := jwt.NewWithClaims(method, jwt.MapClaims(goodClaims())).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	out := map[string]string{
		"empty":               "",
		"one part":            parts[0],
		"two parts":           parts[0] + "." + parts[1],
		"four parts":          good + ".x",
		"five parts":          good + ".x.y",
		"empty signature":     parts[0] + "." + parts[1] + ".",
		"cut signature":       good[:len(good)-2],
		"padded signature":    good + "=",
		"loose signature":     good[:len(good)-1] + loose(good[len(good)-1]),
		"standard alphabet":   parts[0] + "." + parts[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(parts[2]) + "=",
		"other claims":        parts[0] + "." + b64(`{"sub":"root"}`) + "." + parts[2],
		"none":                b64(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + ".",
		"None":                b64(`{"alg":"None","typ":"JWT"}`) + "." + parts[1] + ".",
		"none, signed":        forge(`{"alg":"none","typ":"JWT"}`, goodClaims(), testSecret),
		"unsecured":           sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"RS256":               sign(jwt.SigningMethodRS256, key),
		"RS256, HMAC":         forge(`{"alg":"RS256","typ":"JWT"}`, goodClaims(), testSecret),
		"HS512":               sign(jwt.SigningMethodHS512, []byte(testSecret)),
		"HS384":               sign(jwt.SigningMethodHS384, []byte(testSecret)),
		"hs256":               forge(`{"alg":"hs256","typ":"JWT"}`, goodClaims(), testSecret),
		"no alg":              forge(`{"typ":"JWT"}`, goodClaims(), testSecret),
		"alg a number":        forge(`{"alg":1,"typ":"JWT"}`, goodClaims(), testSecret),
		"kid":                 forge(`{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}`, goodClaims(), testSecret),
		"jku":                 forge(`{"alg":"HS256","typ":"JWT","jku":"https://evil.example/k"}`, goodClaims(), testSecret),
		"jwk":                 forge(`{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"AA"}}`, goodClaims(), testSecret),
		"x5u":                 forge(`{"alg":"HS256","typ":"JWT","x5u":"https://evil.example/k"}`, goodClaims(), testSecret),
		"crit":                forge(`{"alg":"HS256","typ":"JWT","crit":["exp"]}`, goodClaims(), testSecret),
		"no typ":              forge(`{"alg":"HS256"}`, goodClaims(), testSecret),
		"other typ":           forge(`{"alg":"HS256","typ":"at+jwt"}`, goodClaims(), testSecret),
		"other secret":        forge(goodHeader, goodClaims(), strings.Repeat("x", 32)),
		"empty secret":        forge(goodHeader, goodClaims(), ""),
		"claims are a list":   parts[0] + "." + b64(`[]`) + "." + parts[2],
		"not base64":          "!." + parts[1] + "." + parts[2],
		"too long":            forge(goodHeader, goodClaims("pad", strings.Repeat("x", 2000)), testSecret),
		"dots":                strings.Repeat(".", 2000),
		"many dots":           strings.Repeat(".", 6000),
		"session of the chat": b64("10000 nonce 1700000000") + b64("mac"),
	}
	maps.Copy(out, claimAttacks())
	return out
}

// loose changes the bits of the last base64 digit that carry nothing: a lenient decoder takes both.
func loose(digit byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, digit)^1])
}

// claimAttacks are well-signed tokens whose claims must not pass.
func claimAttacks() map[string]string {
	now := time.Now().Unix()
	return map[string]string{
		"expired":         forge(goodHeader, goodClaims("iat", now-700, "nbf", now-700, "exp", now-60), testSecret),
		"no exp":          forge(goodHeader, goodClaims("exp", nil), testSecret),
		"exp null":        forge(goodHeader, map[string]any{"iss": tokenIssuer, "aud": tokenAudience, "sub": testUser, "iat": now, "nbf": now, "exp": nil}, testSecret),
		"exp past floats": forge(goodHeader, goodClaims("exp", json.Number("1e400")), testSecret),
		"exp a string":    forge(goodHeader, goodClaims("exp", "never"), testSecret),
		"not yet valid":   forge(goodHeader, goodClaims("nbf", now+60), testSecret),
		"no nbf":          forge(goodHeader, goodClaims("nbf", nil), testSecret),
		"from the future": forge(goodHeader, goodClaims("iat", now+60), testSecret),
		"no iat":          forge(goodHeader, goodClaims("iat", nil), testSecret),
		"other audience":  forge(goodHeader, goodClaims("aud", "chatroom"), testSecret),
		"near audiences":  forge(goodHeader, goodClaims("aud", []string{"chatroom", "chatroom-admin2"}), testSecret),
		"no audience":     forge(goodHeader, goodClaims("aud", nil), testSecret),
		"other issuer":    forge(goodHeader, goodClaims("iss", "evil"), testSecret),
		"no issuer":       forge(goodHeader, goodClaims("iss", nil), testSecret),
		"other subject":   forge(goodHeader, goodClaims("sub", "toor"), testSecret),
		"no subject":      forge(goodHeader, goodClaims("sub", nil), testSecret),
	}
}

func TestTokenAttacks(t *testing.T) {
	f := start(t, nil)
	i := 0
	for name, token := range attacks(t) {
		i++
		a := f.do(call{path: "/admin/servers", token: token, from: fmt.Sprintf("198.51.100.%d", i)})
		if a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if token != "" && strings.Contains(f.log.String(), token) {
			t.Errorf("%s: the token is in the log", name)
		}
	}
	if a := f.do(call{path: "/admin/servers", token: forge(goodHeader, goodClaims(), testSecret)}); a.status != http.StatusOK {
		t.Fatalf("the attacks fail for want of a good base: %d %s", a.status, a.body)
	}
}

func TestTokenInOtherPlaces(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	head := "GET /admin/servers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	for i, lines := range []string{
		"Authorization: bearer " + token + "\r\n",
		"Authorization: BEARER " + token + "\r\n",
		"Authorization: " + token + "\r\n",
		"Authorization: Basic " + token + "\r\n",
		"Authorization: Bearer  " + token + "\r\n",
		"Authorization: Bearer " + token + " x\r\n",
		"Authorization: Bearer " + token + "\r\nAuthorization: Bearer " + token + "\r\n",
		"Authorization: Bearer x\r\nAuthorization: Bearer " + token + "\r\n",
		"Cookie: token=" + token + "\r\n",
		"X-Authorization: Bearer " + token + "\r\n",
	} {
		answers := f.raw(head + fmt.Sprintf("X-Forwarded-For: 198.51.100.%d\r\n", i) + lines + "\r\n")
		if len(answers) != 1 || answers[0].status != http.StatusUnauthorized {
			t.Errorf("%q: %+v", lines, answers)
		}
	}
	for i, name := range []string{"token", "access_token", "Authorization"} {
		if a := f.do(call{path: "/admin/servers?" + name + "=" + token, from: fmt.Sprintf("198.51.100.1%d", i)}); a.status != http.StatusUnauthorized {
			t.Errorf("in the query as %s: %d", name, a.status)
		}
	}
}

// A megabyte of dots does not even get to the parser.
func TestHugeToken(t *testing.T) {
	f := start(t, nil)
	answers := f.raw("GET /admin/servers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + strings.Repeat(".", 500_000) + "\r\n\r\n")
	if len(answers) != 1 || answers[0].status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%+v", answers)
	}
}

func TestTokensAreRevoked(t *testing.T) {
	old := start(t, nil).login()
	f := start(t, func(c *Config) { c.MinIssuedAt = time.Now().Add(time.Minute) })
	if a := f.do(call{path: "/admin/servers", token: old}); a.status != http.StatusUnauthorized {
		t.Errorf("issued before the minimum: %d", a.status)
	}
	if !strings.Contains(f.log.String(), "every admin token is refused") {
		t.Error("nobody is told that a minimum in the future keeps everybody out")
	}
	f = start(t, func(c *Config) { c.MinIssuedAt = time.Now().Add(-time.Minute) })
	if a := f.do(call{path: "/admin/servers", token: old}); a.status != http.StatusOK {
		t.Errorf("issued behind the minimum: %d", a.status)
	}
	f = start(t, func(c *Config) { c.JWTSecret = strings.Repeat("n", 32) })
	if a := f.do(call{path: "/admin/servers", token: old}); a.status != http.StatusUnauthorized {
		t.Errorf("another secret: %d", a.status)
	}
	f = start(t, func(c *Config) { c.User = "other" })
	if a := f.do(call{path: "/admin/servers", token: old}); a.status != http.StatusUnauthorized {
		t.Errorf("another operator: %d", a.status)
	}
	f = start(t, nil)
	if a := f.do(call{path: "/admin/servers", token: old}); a.status != http.StatusOK {
		t.Errorf("another node of the same cluster: %d", a.status)
	}
}

func TestTokenLeeway(t *testing.T) {
	tokens := newTokens(Config{User: testUser, JWTSecret: testSecret}.withDefaults())
	now := time.Now().Unix()
	for name, c := range map[string]map[string]any{
		"just expired":      goodClaims("exp", now-3),
		"clock a bit ahead": goodClaims("iat", now+3, "nbf", now+3),
	} {
		if user, _, err := tokens.verify(forge(goodHeader, c, testSecret)); err != nil || user != testUser {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	tokens := newTokens(Config{User: testUser, JWTSecret: testSecret}.withDefaults())
	f.Add("")
	f.Add("..")
	f.Add(forge(`{"alg":"none","typ":"JWT"}`, goodClaims(), ""))
	f.Fuzz(func(t *testing.T, token string) {
		if _, _, err := tokens.verify(token); err == nil {
			t.Errorf("%q passed", token)
		}
	})
}
