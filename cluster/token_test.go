package cluster

import (
	"encoding/base64"
	"strings"
	"testing"

	"chatroom/internal/chat"
)

func TestTokensAreCheckedWhole(t *testing.T) {
	ring := func(key string) *keyring {
		k := &keyring{}
		k.keys.Store(&[][]byte{[]byte(key)})
		return k
	}
	k := ring("a key of this cluster")
	nonce := chat.Nonce{1, 2, 3}
	token := string(k.append(nil, 12345, nonce, 1700000000000))
	if client, n, ok := k.open(token); !ok || client != 12345 || n != nonce {
		t.Fatal("the own token is refused")
	}
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	for i := range raw {
		raw[i] ^= 1
		if _, _, ok := k.open(base64.RawURLEncoding.EncodeToString(raw)); ok {
			t.Errorf("byte %d is not signed", i)
		}
		raw[i] ^= 1
	}
	foreign := string(ring("a key of another one").append(nil, 12345, nonce, 1700000000000))
	for _, bad := range []string{"", "x", token + "A", token[:len(token)-1], foreign, strings.Repeat("A", len(token)), token[:40] + "\n" + token[41:]} {
		if _, _, ok := k.open(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
	k.keys.Store(&[][]byte{[]byte("a new key"), []byte("a key of this cluster")})
	if _, _, ok := k.open(token); !ok {
		t.Error("a token of the former key is refused")
	}
}

func FuzzToken(f *testing.F) {
	k := &keyring{}
	k.keys.Store(&[][]byte{[]byte("key")})
	f.Add(string(k.append(nil, 1, chat.Nonce{}, 0)))
	f.Add("")
	f.Add(strings.Repeat("_", 80))
	f.Fuzz(func(t *testing.T, token string) {
		client, nonce, ok := k.open(token)
		if !ok {
			return
		}
		raw, _ := base64.RawURLEncoding.DecodeString(token)
		var issued int64
		for _, b := range raw[20:28] {
			issued = issued<<8 | int64(b)
		}
		if string(k.append(nil, client, nonce, issued)) != token {
			t.Errorf("%q was taken and is none of ours", token)
		}
	})
}
