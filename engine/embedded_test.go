package engine_test

import (
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/engine/logtest"
)

func TestEmbeddedLog(t *testing.T) {
	logtest.Run(t, func(t *testing.T, feed logtest.Feed) (logtest.Log, logtest.Directory) {
		e := engine.NewEmbedded(engine.Config{ResumeWindow: time.Hour}, feed)
		t.Cleanup(e.Close)
		return e, e.Directory()
	})
}
