package main

import (
	"context"
	"net"
	"time"

	"chatroom/bench/machine"
)

// awaitTCP waits until somebody accepts connections at address.
func awaitTCP(ctx context.Context, address string, c *machine.Child) error {
	return await(ctx, c, func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
}
