package admin

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// What a token says of itself. A token of another program, even one that shares the secret, names
// another issuer or audience and is refused (RFC 8725, 3.8 and 3.9).
const (
	tokenIssuer   = "chatroom"
	tokenAudience = "chatroom-admin"
	tokenType     = "JWT"
	tokenLeeway   = 5 * time.Second // for clocks of nodes that differ
	maxTokenBytes = 2048
)

var errToken = errors.New("admin: invalid token")

// tokens issues and checks the operators' JSON web tokens.
type tokens struct {
	// Immutable after open.
	secret []byte
	user   string
	ttl    time.Duration
	minIAT time.Time
	parser *jwt.Parser
}

func newTokens(cfg Config) *tokens {
	return &tokens{
		secret: []byte(cfg.JWTSecret), user: cfg.User, ttl: cfg.JWTTTL, minIAT: cfg.MinIssuedAt,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithIssuer(tokenIssuer), jwt.WithAudience(tokenAudience), jwt.WithSubject(cfg.User),
			jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(),
			jwt.WithLeeway(tokenLeeway), jwt.WithStrictDecoding()),
	}
}

// issue makes a token for the operator. Any goroutine.
func (t *tokens) issue(now time.Time) (token string, expires time.Time, err error) {
	expires = now.Add(t.ttl).Truncate(time.Second)
	at := jwt.NewNumericDate(now)
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: tokenIssuer, Audience: jwt.ClaimStrings{tokenAudience}, Subject: t.user,
		IssuedAt: at, NotBefore: at, ExpiresAt: jwt.NewNumericDate(expires),
	}).SignedString(t.secret)
	return token, expires, err
}

// verify checks a token and says whose it is and when it ends. The error is always errToken: which
// check failed is nobody's business but a debugger's. Any goroutine.
func (t *tokens) verify(token string) (user string, expires time.Time, err error) {
	if token == "" || len(token) > maxTokenBytes {
		return "", time.Time{}, errToken
	}
	var claims jwt.RegisteredClaims
	parsed, err := t.parser.ParseWithClaims(token, &claims, func(p *jwt.Token) (any, error) {
		// A header that names a key or asks for an extension is never one of ours (RFC 8725, 3.10;
		// RFC 7515, 4.1.11).
		for name := range p.Header {
			if name != "alg" && name != "typ" {
				return nil, errToken
			}
		}
		if p.Header["typ"] != tokenType {
			return nil, errToken
		}
		return t.secret, nil
	})
	if err != nil || !parsed.Valid || claims.IssuedAt == nil || claims.IssuedAt.Before(t.minIAT) {
		return "", time.Time{}, errToken
	}
	return claims.Subject, claims.ExpiresAt.Time, nil
}
