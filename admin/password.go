package admin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Parameters of the hashes that HashPassword makes: the first choice of the OWASP password storage
// sheet, small enough that a node of a chat can afford two at a time.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashSalt    = 16 // bytes
	hashKey     = 32 // bytes
)

// What a hash from the settings may cost at most, so that a login can't take the node's memory.
const (
	maxHashMemory  = 256 * 1024 // KiB
	maxHashPasses  = 16
	maxHashThreads = 16
)

const argonPrefix = "$argon2id$"

var errBadHash = errors.New("admin: the password looks like a hash but is not a usable argon2id hash; make one with `chatroom passwd`")

// passwordHash is an argon2id hash (RFC 9106) with its parameters.
type passwordHash struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
	salt    []byte
	key     []byte
}

// HashPassword returns the argon2id hash of a password in the PHC string format, with a random
// salt. An empty password is an error. Any goroutine.
func HashPassword(pass string) (string, error) {
	if pass == "" {
		return "", errors.New("admin: the password is empty")
	}
	salt := make([]byte, hashSalt)
	rand.Read(salt) // never fails (crypto/rand, Go 1.24)
	key := argon2.IDKey([]byte(pass), salt, hashPasses, hashMemory, hashThreads, hashKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", argonPrefix, argon2.Version, hashMemory, hashPasses, hashThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// parseHash reads a PHC string. It is strict: what it does not write back the same way is refused.
func parseHash(s string) (passwordHash, error) {
	var h passwordHash
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errBadHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); err != nil ||
		fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.passes, h.threads) != parts[3] {
		return h, errBadHash
	}
	var errSalt, errKey error
	b64 := base64.RawStdEncoding.Strict()
	h.salt, errSalt = b64.DecodeString(parts[4])
	h.key, errKey = b64.DecodeString(parts[5])
	switch {
	case errSalt != nil || errKey != nil || len(h.salt) < 8 || len(h.salt) > 64 || len(h.key) < 16 || len(h.key) > 64,
		h.passes < 1 || h.passes > maxHashPasses,
		h.threads < 1 || h.threads > maxHashThreads,
		h.memory < 8*uint32(h.threads) || h.memory > maxHashMemory:
		return h, errBadHash
	}
	return h, nil
}

// matches derives the key of pass and compares it in constant time.
func (h passwordHash) matches(pass string) bool {
	key := argon2.IDKey([]byte(pass), h.salt, h.passes, h.memory, h.threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

// validatePass refuses values that are meant as a hash but would be taken as the password itself.
func validatePass(pass string) error {
	if strings.HasPrefix(pass, "$argon2") {
		_, err := parseHash(pass)
		return err
	}
	for _, other := range []string{"$2a$", "$2b$", "$2y$", "$scrypt$", "$5$", "$6$", "$y$"} {
		if strings.HasPrefix(pass, other) {
			return errBadHash
		}
	}
	return nil
}
