package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"

	"chatroom/internal/chat"
)

// A token is base64url(client id (8 bytes, big endian), nonce (12), issued at (8, Unix ms),
// HMAC-SHA256 of these (32)), without padding. The client reads nothing out of it.
const (
	tokenClaims = 8 + 12 + 8
	tokenBytes  = tokenClaims + sha256.Size
)

// tokenPurpose keeps signatures of this kind apart from any other use of the key.
const tokenPurpose = "chatroom session 1"

// keyring holds the key with which the nodes of a cluster sign their tokens. It was drawn by the
// first node. Should Redis lose it, the first node that comes back writes its own again, and a node
// keeps believing the keys that it knew.
type keyring struct {
	// Atomic; any goroutine.
	keys atomic.Pointer[[][]byte] // the one that signs first
}

// fetch reads the shared key, after drawing one if there is none.
func (k *keyring) fetch(s *store) func(context.Context) error {
	return func(ctx context.Context) error {
		own := make([]byte, 32)
		_, _ = rand.Read(own) // never fails (crypto/rand)
		var known [][]byte
		if p := k.keys.Load(); p != nil {
			known = *p
			own = known[0]
		}
		name := s.keys.tagged("session", "key")
		b := s.client.B()
		if err := s.do(ctx, b.Setnx().Key(name).Value(string(own)).Build()).Error(); err != nil {
			return fmt.Errorf("cluster: session key: %w", err)
		}
		shared, err := s.do(ctx, b.Get().Key(name).Build()).AsBytes()
		if err != nil {
			return fmt.Errorf("cluster: session key: %w", err)
		}
		ring := [][]byte{shared}
		for _, old := range known {
			if !slices.Equal(old, shared) && len(ring) < 4 {
				ring = append(ring, old)
			}
		}
		k.keys.Store(&ring)
		return nil
	}
}

func sign(dst, key, claims []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(tokenPurpose))
	mac.Write(claims)
	return mac.Sum(dst)
}

// append appends the token of a session to dst.
func (k *keyring) append(dst []byte, client chat.ClientID, nonce chat.Nonce, issuedAt int64) []byte {
	var raw [tokenBytes]byte
	binary.BigEndian.PutUint64(raw[0:], uint64(client))
	copy(raw[8:], nonce[:])
	binary.BigEndian.PutUint64(raw[20:], uint64(issuedAt))
	sign(raw[:tokenClaims], (*k.keys.Load())[0], raw[:tokenClaims])
	return base64.RawURLEncoding.AppendEncode(dst, raw[:])
}

// open checks a token and reads it.
func (k *keyring) open(token string) (client chat.ClientID, nonce chat.Nonce, ok bool) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return 0, nonce, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return 0, nonce, false
	}
	for _, key := range *k.keys.Load() {
		if hmac.Equal(sign(nil, key, raw[:tokenClaims]), raw[tokenClaims:]) {
			copy(nonce[:], raw[8:])
			return chat.ClientID(binary.BigEndian.Uint64(raw)), nonce, true
		}
	}
	return 0, nonce, false
}
