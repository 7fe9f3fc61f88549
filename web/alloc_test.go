//go:build !race

package web

import "testing"

func TestAllocRespond(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Chat.Respond("/", "gzip, deflate, br", `"x", "y"`) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
