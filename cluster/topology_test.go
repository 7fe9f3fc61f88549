package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// process is a redis-server with arguments of the test's own.
type process struct {
	t    *testing.T
	port int
	dir  string
	args []string

	mu  sync.Mutex // a server may be killed beside the test
	cmd *exec.Cmd
}

// freePorts returns n ports that were free a moment ago.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		ports = append(ports, freePort(t))
	}
	return ports
}

func spawn(t *testing.T, port int, args ...string) *process {
	t.Helper()
	p := &process{t: t, port: port, dir: t.TempDir(), args: args}
	p.run()
	t.Cleanup(p.kill)
	return p
}

func (p *process) run() {
	p.t.Helper()
	args := append(slices.Clone(p.args), "--port", strconv.Itoa(p.port), "--bind", "127.0.0.1", "--dir", p.dir, "--logfile", "redis.log")
	p.mu.Lock()
	p.cmd = exec.Command("redis-server", args...)
	p.cmd.Dir = p.dir
	err := p.cmd.Start()
	p.mu.Unlock()
	if err != nil {
		p.t.Fatalf("redis-server: %v (apt-get install redis-server)", err)
	}
	until(p.t, "redis answers", func() bool {
		out, err := p.cli("PING")
		return err == nil && (out == "PONG" || strings.HasPrefix(out, "NOAUTH"))
	})
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

func (p *process) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.ProcessState != nil
}

func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Signal(s)
}

func (p *process) addr() string { return "127.0.0.1:" + strconv.Itoa(p.port) }

// cli runs redis-cli against the process.
func (p *process) cli(words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience) // a cluster is made in some seconds
	defer cancel()
	out, err := exec.CommandContext(ctx, "redis-cli", append([]string{"-p", strconv.Itoa(p.port)}, words...)...).Output()
	return strings.TrimSpace(string(out)), err
}

// replicated is a primary and a replica that has caught up.
func replicated(t *testing.T) (primary, replica *process) {
	t.Helper()
	ports := freePorts(t, 2)
	primary = spawn(t, ports[0], "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--repl-diskless-sync-delay", "0")
	replica = spawn(t, ports[1], "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--replicaof", "127.0.0.1", strconv.Itoa(ports[0]))
	until(t, "the replica has caught up", func() bool {
		out, _ := replica.cli("INFO", "replication")
		return infoField(out, "master_link_status") == "up"
	})
	return primary, replica
}

// sentinels watches the primary under the name main and returns the URL.
func sentinels(t *testing.T, primary *process) string {
	t.Helper()
	var addrs []string
	var all []*process
	for _, port := range freePorts(t, 3) {
		conf := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor main 127.0.0.1 %d 2\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 10000\n", primary.port)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := spawn(t, port, conf, "--sentinel")
		all, addrs = append(all, s), append(addrs, s.addr())
	}
	for _, s := range all {
		until(t, "the sentinels know each other and the replica", func() bool {
			out, _ := s.cli("INFO", "sentinel")
			return strings.Contains(out, "slaves=1,sentinels=3")
		})
	}
	return "redis+sentinel://" + strings.Join(addrs, ",") + "/main"
}

// holds fails unless both nodes end with every acknowledged message in the room.
func (p *pair) holds(acked []chat.Pending) {
	p.t.Helper()
	for _, s := range []*scene{p.a, p.b} {
		until(p.t, "every acknowledged message is in the room", func() bool {
			ids := s.ids(p.room)
			return !slices.ContainsFunc(acked, func(m chat.Pending) bool { return !slices.Contains(ids, m.MessageID) })
		})
	}
	until(p.t, "the nodes agree", func() bool {
		a, b := p.a.ids(p.room), p.b.ids(p.room)
		k := min(len(a), len(b))
		return slices.Equal(a[len(a)-k:], b[len(b)-k:])
	})
}

// works waits until both nodes acknowledge again.
func (p *pair) works() {
	p.t.Helper()
	for k, s := range []*scene{p.a, p.b} {
		m := []chat.Member{p.ann, p.ben}[k]
		id := fmt.Sprint("again", k)
		until(p.t, "sends are acknowledged again", func() bool {
			_, r, ok := s.verdict(s.says(p.room, m, id))
			return ok || r.Code == ""
		})
	}
}

func onto(t *testing.T, url string, change func(*Config)) *pair {
	p := &pair{t: t, sent: map[chat.MessageID]chat.Pending{}}
	p.a, p.b = enact(t, url, change), enact(t, url, change)
	p.ann, p.ben = p.a.somebody(), p.b.somebody()
	p.room = p.a.makes(p.ann)
	p.b.joins(p.room, p.ben)
	return p
}

func TestSentinelFailoverLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	primary, _ := replicated(t)
	p := onto(t, sentinels(t, primary), nil)
	p.flood(50, "before")
	p.settle()
	go primary.kill()
	p.flood(100, "during")
	p.settle()
	p.works()
	p.flood(50, "after")
	p.holds(p.settle())
}

func TestAckReplicaWaitsForTheReplica(t *testing.T) {
	t.Parallel()
	primary, replica := replicated(t)
	p := onto(t, "redis://"+primary.addr(), func(c *Config) { c.Ack = AckReplica })
	p.flood(50, "before")
	if acked := p.settle(); len(acked) != 100 {
		t.Fatalf("%d of 100 messages acknowledged", len(acked))
	}
	replica.signal(syscall.SIGSTOP)
	m := p.a.says(p.room, p.ann, "alone")
	if _, r, ok := p.a.verdict(m); ok || r.Code != chat.Unavailable {
		t.Errorf("a send that no replica has: %+v", r)
	}
	p.b.reaches(p.room, 101) // it is in the room all the same: nobody was promised that it is not
	replica.signal(syscall.SIGCONT)
	again := p.a.says(p.room, p.ann, "alone")
	if _, r, ok := p.a.verdict(again); ok || r.Code != "" || r.Seq != 101 || r.MessageID != m.MessageID {
		t.Errorf("the repetition: %+v", r)
	}
	p.whole(append(p.settle(), m))
}

// redisCluster starts three primaries with a replica each.
func redisCluster(t *testing.T) []*process {
	t.Helper()
	ports := freePorts(t, 12)
	var nodes []*process
	args := []string{"--cluster", "create"}
	for i := range 6 {
		p := spawn(t, ports[i], "--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(ports[6+i]),
			"--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0")
		nodes, args = append(nodes, p), append(args, p.addr())
	}
	out, err := nodes[0].cli(append(args, "--cluster-replicas", "1", "--cluster-yes")...)
	if err != nil {
		t.Fatalf("redis-cli --cluster create: %v\n%s", err, out)
	}
	for _, p := range nodes {
		until(t, "the cluster is whole", func() bool {
			out, _ := p.cli("CLUSTER", "INFO")
			slots, _ := p.cli("CLUSTER", "SLOTS")
			return infoField(out, "cluster_state") == "ok" && infoField(out, "cluster_known_nodes") == "6" && strings.Count(slots, "127.0.0.1") == 6
		})
	}
	return nodes
}

func TestRedisClusterCarriesRoomsAndMovesSlots(t *testing.T) {
	t.Parallel()
	nodes := redisCluster(t)
	sessionsOver(t, nodes)
	url := "redis+cluster://" + nodes[0].addr() + "," + nodes[1].addr()
	first := onto(t, url, nil)
	rooms := []*pair{first}
	for range 8 { // over all primaries
		p := &pair{t: t, a: first.a, b: first.b, sent: map[chat.MessageID]chat.Pending{}}
		p.ann, p.ben = p.a.somebody(), p.b.somebody()
		p.room = p.a.makes(p.ann)
		p.b.joins(p.room, p.ben)
		rooms = append(rooms, p)
	}
	for _, p := range rooms {
		p.flood(20, "x")
	}
	for _, p := range rooms {
		if acked := p.settle(); len(acked) != 40 {
			t.Errorf("room %d: %d of 40 messages acknowledged", p.room, len(acked))
		}
		p.whole(p.order)
	}
	moveSlot(t, nodes, first, partition(first.room))
	moveSlot(t, nodes, first, 0) // by which its primary was probed
	first.flood(20, "moved")
	first.holds(first.settle())
	until(t, "readiness returns", func() bool { return first.a.Ready() == "" && first.b.Ready() == "" })
	killPrimary(t, nodes, first)
	for _, p := range rooms {
		p.works()
		p.flood(5, "after")
		p.holds(p.settle())
	}
}

// nodeOf finds the process that serves the partition, its id and the slot.
func nodeOf(t *testing.T, nodes []*process, part int) (serving *process, id string, slot string) {
	t.Helper()
	slot, _ = nodes[1].cli("CLUSTER", "KEYSLOT", fmt.Sprintf("{%02d}", part))
	until(t, "the slot is served", func() bool {
		for _, n := range nodes {
			if n.ended() {
				continue
			}
			role, _ := n.cli("ROLE")
			if out, _ := n.cli("CLUSTER", "COUNTKEYSINSLOT", slot); out != "0" && strings.HasPrefix(role, "master") {
				id, _ = n.cli("CLUSTER", "MYID")
				serving = n
				return id != ""
			}
		}
		return false
	})
	return serving, id, slot
}

// moveSlot moves the slot of a partition to another primary while rooms are in use.
func moveSlot(t *testing.T, nodes []*process, p *pair, part int) {
	t.Helper()
	from, fromID, slot := nodeOf(t, nodes, part)
	var to *process
	for _, n := range nodes {
		if role, _ := n.cli("ROLE"); strings.HasPrefix(role, "master") && n != from {
			to = n
		}
	}
	toID, _ := to.cli("CLUSTER", "MYID")
	_, _ = to.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", fromID)
	_, _ = from.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", toID)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.flood(100, fmt.Sprint("moving", part))
	}()
	until(t, "all keys are moved", func() bool {
		keys, _ := from.cli("CLUSTER", "GETKEYSINSLOT", slot, "100")
		if keys == "" {
			return true
		}
		args := append([]string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.port), "", "0", "5000", "KEYS"}, strings.Fields(keys)...)
		_, _ = from.cli(args...)
		return false
	})
	for _, n := range []*process{to, from} {
		_, _ = n.cli("CLUSTER", "SETSLOT", slot, "NODE", toID)
	}
	for _, n := range nodes {
		_, _ = n.cli("CLUSTER", "SETSLOT", slot, "NODE", toID)
	}
	<-done
	p.works()
}

// killPrimary kills who serves the room and waits until its replica does.
func killPrimary(t *testing.T, nodes []*process, p *pair) {
	t.Helper()
	serving, _, _ := nodeOf(t, nodes, partition(p.room))
	serving.kill()
}

func TestEvictingRedisIsRefused(t *testing.T) {
	t.Parallel()
	p := spawn(t, freePorts(t, 1)[0], "--save", "", "--maxmemory-policy", "allkeys-lru")
	_, err := Open(t.Context(), Config{URL: "redis://" + p.addr(), ServerID: "00000000-0000-4000-8000-000000000000"}, newEar())
	if err == nil || !strings.Contains(err.Error(), "maxmemory-policy noeviction") {
		t.Fatalf("opened an evicting Redis: %v", err)
	}
}

func TestPasswordAndDatabaseByURL(t *testing.T) {
	t.Parallel()
	p := spawn(t, freePorts(t, 1)[0], "--save", "", "--requirepass", "s3cr:t")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	config := Config{URL: "redis://:wrong@" + p.addr(), ServerID: "00000000-0000-4000-8000-000000000000"}
	if _, err := Open(ctx, config, newEar()); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("a wrong password: %v", err)
	}
	s := enact(t, "redis://:s3cr%3At@"+p.addr()+"/3", nil)
	s.makes(s.somebody())
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{p.addr()}, Password: "s3cr:t", SelectDB: 3, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if n, err := client.Do(ctx, client.B().Dbsize().Build()).AsInt64(); err != nil || n == 0 {
		t.Errorf("database 3 holds %d keys: %v", n, err)
	}
}
