// Images tries the system that docker compose started: people and real pages chat through nginx while
// containers are killed, restarted in turn, added and taken away, and nothing acknowledged may be
// lost; if asked for, every node is then restarted under the load harness. It is the second half of
// `make test-images`; deploy/test-images brings up the engine and the images.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"chatroom/internal/chaos"
)

// outageBound is how long a killed node may cost its clients.
const outageBound = 3 * time.Second

// calm is how long all stay connected before a bounded scene. A page that is cut off again within ten
// seconds waits longer each time, up to 20 s, as it must: that is no fault of the system.
const calm = 11 * time.Second

// pages is how many browser pages chat with each other beside the crowd.
const pages = 4

func main() {
	address := flag.String("address", "127.0.0.1:80", "of nginx")
	project := flag.String("project", "chatroom", "of docker compose")
	compose := flag.String("compose", "docker-compose", "the program")
	harness := flag.String("harness", "", "the load harness; empty = without it")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	s := stage{compose: *compose, project: *project}
	err := s.play(ctx, *address)
	var outcome string
	if err == nil && *harness != "" {
		outcome, err = s.underHarness(ctx, *harness, "ws://"+*address+"/ws")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if outcome != "" {
		fmt.Println(outcome)
	}
}

// stage is the running system and the people in it.
type stage struct {
	// Immutable after open.
	compose, project string
	crowd            *chaos.Crowd
	browsers         *browsers
}

// scene is one thing that happens while people chat.
type scene struct {
	name string
	act  func() error
	// bounded scenes may cost nobody more than outageBound.
	bounded bool
}

func (s *stage) play(ctx context.Context, address string) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.browsers, err = openBrowsers(ctx, "http://"+address+"/", pages); err != nil {
		return err
	}
	s.crowd = chaos.NewCrowd(ctx, []string{"ws://" + address + "/ws"}, 6, 1)
	defer s.crowd.Leave()
	if err := s.talk(200, 20); err != nil {
		return err
	}
	if _, err := s.outages(); err != nil {
		return err
	}
	for _, c := range s.scenes() {
		if err := s.playScene(c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	verdict := s.crowd.Finish(ctx)
	acked, seen, resumes, rebases := s.crowd.History.Counts()
	fmt.Printf("%d acknowledged, %d seen, %d resumes, %d told of a gap\n%v\n", acked, seen, resumes, rebases, verdict)
	shown, err := s.browsers.finish()
	if err != nil {
		return err
	}
	fmt.Println(shown)
	if !verdict.Clean() {
		return errors.New("the promise was broken")
	}
	return nil
}

func (s *stage) playScene(c scene) error {
	if c.bounded {
		<-time.After(calm)
		if _, err := s.outages(); err != nil {
			return err
		}
	}
	if err := c.act(); err != nil {
		return err
	}
	if err := s.talk(150, 12); err != nil {
		return err
	}
	longest, err := s.outages()
	if err != nil {
		return err
	}
	fmt.Printf("%-34s longest outage: people %v, pages %v\n", c.name, longest[0].Round(time.Millisecond), longest[1])
	if worst := max(longest[0], longest[1]); c.bounded && worst > outageBound {
		return fmt.Errorf("somebody was without a room for %v", worst)
	}
	return nil
}

// outages are the longest ones of people and of pages since the last call.
func (s *stage) outages() (longest [2]time.Duration, err error) {
	longest[0] = s.crowd.History.LongestOutage()
	longest[1], err = s.browsers.outage()
	return longest, err
}

func (s *stage) scenes() []scene {
	return []scene{
		{"kill -9 of a node", func() error { return s.kill("chatroom", 0) }, true},
		{"kill -9 of another node", func() error { return s.kill("chatroom", 1) }, true},
		{"kill -9 of the third", func() error { return s.kill("chatroom", 2) }, true},
		// The third has nobody yet: its people went to the others when it was killed.
		{"a node that stays away", func() error { return s.docker("stop", "-t", "30", s.container("chatroom", 0)) }, true},
		{"and comes back", func() error { return s.docker("start", s.container("chatroom", 0)) }, true},
		{"kill -9 of Redis", func() error { return s.kill("redis", 0) }, false},
		{"Redis paused for three seconds", s.pauseRedis, false},
		{"kill -9 of nginx", func() error { return s.kill("nginx", 0) }, false},
		{"reload of nginx", func() error { return s.docker("exec", s.container("nginx", 0), "nginx", "-s", "reload") }, true},
		{"rolling restart", s.roll, true},
		{"five nodes", func() error { return s.scale(5) }, true},
		{"two nodes", func() error { return s.scale(2) }, true},
	}
}

// talk waits until so many more messages were acknowledged, and every page shows so many more texts.
func (s *stage) talk(messages, texts int) error {
	before, _, _, _ := s.crowd.History.Counts()
	shown, err := s.browsers.heard()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		acked, _, _, _ := s.crowd.History.Counts()
		heard, err := s.browsers.heard()
		if err != nil {
			return err
		}
		if acked >= before+messages && heard >= shown+texts {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("people can't chat any more: %d more messages, %d more texts on every page", acked-before, heard-shown)
		}
		<-tick.C
	}
}

func (s *stage) docker(args ...string) error {
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("docker %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (s *stage) inspect(args ...string) string {
	out, err := exec.Command("docker", args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// container is the id of the nth container of a service, stopped ones included.
func (s *stage) container(service string, n int) string {
	ids := strings.Fields(s.inspect("ps", "-aq", "--filter", "label=com.docker.compose.project="+s.project,
		"--filter", "label=com.docker.compose.service="+service))
	if n >= len(ids) {
		return "none"
	}
	return ids[n]
}

// kill ends a container's program as a crash would, so that its restart policy acts. docker kill
// would count as the operator's will.
func (s *stage) kill(service string, n int) error {
	var pid int
	id := s.container(service, n)
	if _, err := fmt.Sscan(s.inspect("inspect", "-f", "{{.State.Pid}}", id), &pid); err != nil || pid <= 1 {
		return fmt.Errorf("no process of %s %s: %w", service, id, err)
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

func (s *stage) pauseRedis() error {
	if err := s.docker("pause", s.container("redis", 0)); err != nil {
		return err
	}
	<-time.After(3 * time.Second)
	return s.docker("unpause", s.container("redis", 0))
}

// roll restarts every node in turn and waits for its health before the next.
func (s *stage) roll() error {
	for n := range 3 {
		id := s.container("chatroom", n)
		if err := s.docker("restart", "-t", "30", id); err != nil {
			return err
		}
		if err := s.healthy(id); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) healthy(id string) error {
	deadline := time.Now().Add(time.Minute)
	for s.inspect("inspect", "-f", "{{.State.Health.Status}}", id) != "healthy" {
		if time.Now().After(deadline) {
			return fmt.Errorf("container %s is not healthy", id)
		}
		<-time.After(200 * time.Millisecond)
	}
	return nil
}

// scale adds nodes or takes some away; those that stay are not touched.
func (s *stage) scale(nodes int) error { return s.start(nil, nodes, "--no-recreate") }

// up starts so many nodes with these settings and waits until all are well.
func (s *stage) up(env []string, nodes int) error {
	if err := s.start(env, nodes); err != nil {
		return err
	}
	for n := range nodes {
		if err := s.healthy(s.container("chatroom", n)); err != nil {
			return err
		}
	}
	return s.healthy(s.container("nginx", 0))
}

func (s *stage) start(env []string, nodes int, args ...string) error {
	args = append([]string{"-p", s.project, "up", "-d", "--scale", fmt.Sprintf("chatroom=%d", nodes)}, args...)
	cmd := exec.Command(s.compose, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s up: %w\n%s", s.compose, err, out)
	}
	return nil
}
