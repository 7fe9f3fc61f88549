package cluster

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// crowded puts so many clients into the indexes.
func crowded(t *testing.T, s *server, low, high int) {
	t.Helper()
	var cmds rueidis.Commands
	for id := low; id < high; id++ {
		key := fmt.Sprintf("cr:{%02d}:clients", id%partitions)
		line := fmt.Sprintf("node 192.0.%d.%d User %d", id>>8&0xff, id&0xff, (id*7919)%high)
		cmds = append(cmds, s.b.B().Hset().Key(key).FieldValue().FieldValue(strconv.Itoa(id), line).Build())
		if len(cmds) < 1000 && id+1 < high {
			continue
		}
		for _, r := range s.b.DoMulti(context.Background(), cmds...) {
			if err := r.Error(); err != nil {
				t.Fatal(err)
			}
		}
		cmds = cmds[:0]
	}
}

// TestNinetyThousandClientsInOrder: whatever is asked of ninety thousand clients is answered in less
// than 200 ms, and no command stops Redis for 5 ms. The best of all tries counts: the rest is what else
// the machine does, and it may have much to do.
func TestNinetyThousandClientsInOrder(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	crowded(t, s, 10_000, 100_000)
	s.do("CONFIG", "SET", "slowlog-log-slower-than", "5000")
	ctx := context.Background()
	for what, ask := range map[string]func() (int, error){
		"a page": func() (int, error) {
			_, total, _, err := n.Clients(ctx, "", "", 1000)
			return int(total), err
		},
		"a search": func() (int, error) {
			_, total, _, err := n.Clients(ctx, "uSER", "", 1000)
			return int(total), err
		},
		"names": func() (int, error) {
			keys, err := n.ClientKeys(ctx, "", chat.SortUsername)
			return len(keys), err
		},
		"addresses": func() (int, error) {
			keys, err := n.ClientKeys(ctx, "user", chat.SortIP)
			return len(keys), err
		},
	} {
		limit := 200 * time.Millisecond * slower
		best, stops := time.Hour, int64(1<<20)
		for end := time.Now().Add(patience); time.Now().Before(end); {
			s.do("SLOWLOG", "RESET")
			begin := time.Now()
			total, err := ask()
			best, stops = min(best, time.Since(begin)), min(stops, s.int("SLOWLOG", "LEN"))
			if err != nil || total != 90_000 {
				t.Fatalf("%s: %d clients, %v", what, total, err)
			}
			if best < limit && stops == 0 {
				break
			}
		}
		t.Logf("%s: %v, %d commands over 5 ms", what, best.Round(time.Millisecond), stops)
		if best >= limit || stops > 0 {
			t.Errorf("%s took %v at best, %d commands over 5 ms", what, best, stops)
		}
	}
}
