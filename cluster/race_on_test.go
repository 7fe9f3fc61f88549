//go:build race

package cluster

// slower is how much longer code takes with the race detector, at most.
const slower = 10
