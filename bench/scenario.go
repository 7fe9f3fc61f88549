package main

import "slices"

// scenario is a family of loads under one name.
type scenario struct {
	name   string
	about  string
	shapes func(o *options) []shape
}

// scenarios in the order in which they run.
var scenarios = []scenario{connect, idle, fanout, pairs, bigroom, churn, storm, slow, cluster, mixed, soak, crowd}

// chosen are the shapes of the scenarios that were asked for; none asked = all.
func (o *options) chosen() (all []shape) {
	for _, s := range scenarios {
		if len(o.scenarios) > 0 && !slices.Contains(o.scenarios, s.name) {
			continue
		}
		for _, shape := range s.shapes(o) {
			shape = o.timed(shape)
			shape.scenario = s.name
			all = append(all, shape)
		}
	}
	return all
}

// withoutExtras is the load that a server can take which knows only rooms and messages.
func withoutExtras(s shape) shape {
	s.ops, s.moments, s.resume, s.args, s.nodes, s.bounds = nil, nil, false, nil, 0, nil
	return s
}
