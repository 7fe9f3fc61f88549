package main

import (
	"fmt"
	"log/slog"
)

// engineLog passes on what gnet reports as an error and drops its talk: WithLogLevel has no effect
// on its default logger.
type engineLog struct{}

func (engineLog) Debugf(string, ...any) {}
func (engineLog) Infof(string, ...any)  {}
func (engineLog) Warnf(string, ...any)  {}

func (engineLog) Errorf(format string, args ...any) {
	slog.Error("gnet", "error", fmt.Sprintf(format, args...))
}

func (engineLog) Fatalf(format string, args ...any) {
	slog.Error("gnet", "fatal", fmt.Sprintf(format, args...))
}
