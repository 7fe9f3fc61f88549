package nodetest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"chatroom/wsproto"
)

// TestWithoutIDsNewcomersAreAskedToComeLater uses up the ids that a node has at hand while Redis can't
// give it more. Nobody gets an id twice, newcomers are told when to try again, and then they are let
// in; those who are there stay. A range that is full only widens.
func TestWithoutIDsNewcomersAreAskedToComeLater(t *testing.T) {
	t.Parallel()
	r := Redis(t)
	n := Start(t, "--redis-url", r.URL(), "--client-ids", "10-99")
	if err := r.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Continue() }()
	seen := map[int64]bool{}
	enter := func() error {
		t.Helper()
		c, err := wsproto.Dial(t.Context(), n.WebSocket(), wsproto.DialOptions{})
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		s := &Client{t: t, conn: c}
		id := s.Expect("CONNECT").Int("clientId")
		if seen[id] {
			t.Fatalf("id %d was given twice", id)
		}
		seen[id] = true
		return nil
	}
	var err error
	for err == nil && len(seen) <= 90 {
		err = enter()
	}
	var refused *wsproto.ResponseError
	if !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable || !strings.Contains(refused.Head, "Retry-After: ") {
		t.Fatalf("the one behind %d: %v", len(seen), err)
	}
	if err := r.Continue(); err != nil {
		t.Fatal(err)
	}
	for len(seen) <= 120 { // more than the range holds
		Eventually(t, "newcomers are let in", func() bool { return enter() == nil })
	}
	wide := 0
	for id := range seen {
		if id > 99 {
			wide++
		}
	}
	if wide == 0 || wide > len(seen)-85 {
		t.Errorf("%d of %d ids have a digit more", wide, len(seen))
	}
}
