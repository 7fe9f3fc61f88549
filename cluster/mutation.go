//go:build mutation

package cluster

import "os"

// A build with the tag mutation breaks the guarantee named in CHATROOM_MUTATION, to show that the
// checkers notice. Never a release.
var (
	mutateNoDedupe  = os.Getenv("CHATROOM_MUTATION") == "no-dedupe"
	mutateNoRepair  = os.Getenv("CHATROOM_MUTATION") == "no-repair"
	mutateNoFencing = os.Getenv("CHATROOM_MUTATION") == "no-fencing"
)
