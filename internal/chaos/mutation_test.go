package chaos

import (
	"testing"
	"time"

	"chatroom/internal/servers"
)

// TestMutations breaks one guarantee after the other in a build of its own and expects the checker
// to notice; the same play on the real program must be clean.
func TestMutations(t *testing.T) {
	real, err := servers.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	broken, err := servers.Build(t.TempDir(), "-tags", "mutation")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("no fencing", func(t *testing.T) {
		play := func(c Config) Verdict {
			c.Dir = t.TempDir()
			v, err := Zombie(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if v := play(Config{Binary: real}); !v.Clean() {
			t.Errorf("with fencing: %v", v)
		}
		if v := play(Config{Binary: broken, Env: []string{"CHATROOM_MUTATION=no-fencing"}}); v.Clean() {
			t.Error("without fencing nothing was noticed")
		}
	})
	for _, m := range []struct {
		name, mutation string
		faults         []string
		found          func(v Verdict) int
	}{
		{"no dedupe", "no-dedupe", []string{"kill -9 of a node", "SIGSTOP of Redis", "link frozen"}, func(v Verdict) int { return len(v.Duplicated) }},
		{"no repair", "no-repair", []string{"CLIENT KILL TYPE pubsub", "link cut"}, func(v Verdict) int { return len(v.Lost) }},
	} {
		t.Run(m.name, func(t *testing.T) {
			// What the nemesis hits depends on the moment: a broken guarantee shows in nearly every
			// run, and in one of four for certain.
			for seed := range uint64(4) {
				report, err := Run(t.Context(), Config{Binary: broken, Dir: t.TempDir(), Seed: seed + 1, Duration: 15 * time.Second,
					Faults: m.faults, Env: []string{"CHATROOM_MUTATION=" + m.mutation}, Impatient: true})
				if err != nil {
					t.Fatal(err)
				}
				if m.found(report.Verdict) > 0 {
					return
				}
				t.Log(report)
			}
			t.Error("nothing was noticed")
		})
	}
}
