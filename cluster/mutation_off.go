//go:build !mutation

package cluster

// Broken guarantees exist only in builds with the tag mutation; here they compile to nothing.
const (
	mutateNoDedupe  = false
	mutateNoRepair  = false
	mutateNoFencing = false
)
