// Package lint holds this repository to its own rules, the ones no general linter knows: which
// package may import which, who owns a struct's fields, and that the documents speak of what
// exists. It has tests and nothing else.
package lint
