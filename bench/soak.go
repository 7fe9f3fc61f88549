package main

import "time"

// soak is a long evening: what grows, leaks or slows down shows in the curves and in the growth of
// the memory.
var soak = scenario{"soak", "a long evening (--duration; full: 10 minutes)", func(o *options) []shape {
	s := evening()
	s.variant = "soak"
	s.duration = time.Duration(o.pick(6, 600)) * time.Second
	s.references = nil
	return []shape{s}
}}
