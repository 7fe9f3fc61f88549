package cluster

import (
	commandLine "flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets more tests run at once than there are processors: they mostly wait for leases,
// windows and servers.
func TestMain(m *testing.M) {
	commandLine.Parse()
	if f := commandLine.Lookup("test.parallel"); f != nil {
		_ = f.Value.Set("6")
	}
	// Here and not in the tests that need it: they run beside one another, and rapid reads it bare.
	if f := commandLine.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("20") // each is some hundred round trips; more by -rapid.checks
	}
	goleak.VerifyTestMain(m,
		// The library lets two of its sleeps of a few seconds run out behind Close.
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}
