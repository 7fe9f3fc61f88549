package engine

import "testing"

// TestNodesThatBeginTogetherGetPortsOfTheirOwn holds ports that the kernel chooses, on the wildcard
// address and on another one.
func TestNodesThatBeginTogetherGetPortsOfTheirOwn(t *testing.T) {
	const nodes = 100
	type result struct {
		hold *portHold
		err  error
	}
	results := make(chan result, nodes)
	begin := make(chan struct{})
	for i := range nodes {
		go func() {
			<-begin
			hold, err := holdPort([]string{"127.0.0.1:0", ":0"}[i%2])
			results <- result{hold, err}
		}()
	}
	close(begin)
	taken := map[int]bool{}
	for range nodes {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		t.Cleanup(r.hold.release)
		if port := r.hold.addr.Port; port == 0 || taken[port] {
			t.Errorf("port %d was given twice", port)
		}
		taken[r.hold.addr.Port] = true
	}
}
