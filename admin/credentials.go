package admin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
)

// maxParallelHashes bounds what logins cost: a hash takes 19 MiB and most of a core.
const maxParallelHashes = 2

var errBusy = errors.New("admin: too many logins at a time")

// credentials decide whether a user name and a password are the operator's. Every attempt costs the
// same work, whether the name is right or not.
type credentials struct {
	// Immutable after open.
	key  []byte // random; makes both sides of a comparison the same length
	user []byte // HMAC of the user name
	pass func(string) bool

	slots chan struct{} // one per hash that may run
}

func newCredentials(user, pass string) (*credentials, error) {
	c := &credentials{key: make([]byte, sha256.Size), slots: make(chan struct{}, maxParallelHashes)}
	rand.Read(c.key)
	c.user = c.mac(user)
	if strings.HasPrefix(pass, argonPrefix) {
		hash, err := parseHash(pass)
		if err != nil {
			return nil, err
		}
		c.pass = hash.matches
		return c, nil
	}
	want := c.mac(pass)
	c.pass = func(got string) bool { return hmac.Equal(c.mac(got), want) }
	return c, nil
}

// check compares both values. It waits for a free slot until ctx ends. Any goroutine.
func (c *credentials) check(ctx context.Context, user, pass string) (bool, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return false, errBusy
	}
	// Both comparisons run in full before either result is looked at.
	var passOK int
	if c.pass(pass) {
		passOK = 1
	}
	userOK := subtle.ConstantTimeCompare(c.mac(user), c.user)
	return userOK&passOK == 1, nil
}

// isUser says whether a name is the operator's, for the audit log.
func (c *credentials) isUser(name string) bool { return hmac.Equal(c.mac(name), c.user) }

func (c *credentials) mac(s string) []byte {
	m := hmac.New(sha256.New, c.key)
	m.Write([]byte(s))
	return m.Sum(nil)
}
