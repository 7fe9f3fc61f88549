package cluster

import (
	"context"
	"testing"
	"time"

	"chatroom/engine/logtest"
)

// TestTheLogKeepsItsContract plays the suite that every room log must pass.
func TestTheLogKeepsItsContract(t *testing.T) {
	t.Parallel()
	redis := launch(t)
	logtest.Run(t, func(t *testing.T, feed logtest.Feed) (logtest.Log, logtest.Directory) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		c, err := Open(ctx, Config{URL: "redis://" + redis.addr(), ResumeWindow: 10 * time.Minute,
			ServerID: "11111111-2222-4333-8444-555555555555"}, newEar())
		if err != nil {
			t.Fatal(err)
		}
		c.Bind(feed)
		if err := c.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
		})
		until(t, "ids are at hand", func() bool {
			m, ok := c.Directory().Open("192.0.2.1")
			if ok {
				c.Directory().Discard(m)
			}
			return ok
		})
		return c, c.Directory()
	})
}
