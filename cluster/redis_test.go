package cluster

import (
	"context"
	"errors"
	"testing"
)

// TestEndedContextsAskNothing: the library waits for a connection whatever the context says. These
// would meet the closed client, and with a silent Redis wait for seconds.
func TestEndedContextsAskNothing(t *testing.T) {
	t.Parallel()
	s, err := openStore(t.Context(), Config{URL: "redis://" + launch(t).addr()}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	s.close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	ping := func() error { return s.do(ended, s.client.B().Ping().Build()).Error() }
	two := func() error {
		r := s.doMulti(ended, s.client.B().Ping().Build(), s.client.B().Ping().Build())
		if len(r) != 2 {
			t.Fatalf("%d answers to two commands", len(r))
		}
		return r[1].Error()
	}
	script := func() error { return s.run(ended, scriptCommand, []string{"a", "b"}, nil).Error() }
	scripts := func() error { return s.runMulti(ended, []call{{script: scriptCommand}})[0].Error() }
	for name, ask := range map[string]func() error{"do": ping, "doMulti": two, "run": script, "runMulti": scripts} {
		if err := ask(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
