package node

import (
	"context"
	"errors"
	"log/slog"

	"chatroom/internal/config"
)

// Run serves until ctx ends, then drains. An error means that the node could not start, that a
// listener failed, or that something could not be closed in time.
func Run(ctx context.Context, s config.Settings, log *slog.Logger) error {
	for _, w := range s.Warnings {
		log.Warn(w)
	}
	n, err := Start(ctx, s, log)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-n.engine.Failed():
	case err = <-n.admin.Failed():
	}
	log.Info("draining", "over", s.Drain.String())
	// Twice the drain: a client that holds on to its connection is closed at its end.
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*s.Drain+2*closeTimeout)
	defer cancel()
	return errors.Join(err, n.Shutdown(bound))
}
