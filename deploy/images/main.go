// Images tries the system that docker compose started: people chat through nginx while containers
// are killed, restarted in turn, added and taken away, and nothing acknowledged may be lost. It is
// the second half of `make test-images`; deploy/test-images brings up the engine and the images.
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

func main() {
	url := flag.String("url", "ws://127.0.0.1:80/ws", "of the WebSocket behind nginx")
	project := flag.String("project", "chatroom", "of docker compose")
	compose := flag.String("compose", "docker-compose", "the program")
	flag.Parse()
	s := stage{compose: *compose, project: *project}
	if err := s.play(context.Background(), *url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// stage is the running system and the people in it.
type stage struct {
	// Immutable after open.
	compose, project string
	crowd            *chaos.Crowd
}

// scene is one thing that happens while people chat.
type scene struct {
	name string
	act  func() error
	// bounded scenes may cost nobody more than outageBound.
	bounded bool
}

func (s *stage) play(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	s.crowd = chaos.NewCrowd(ctx, []string{url}, 6, 1)
	defer s.crowd.Leave()
	if err := s.talk(200); err != nil {
		return err
	}
	s.crowd.History.LongestOutage()
	for _, c := range s.scenes() {
		if err := c.act(); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := s.talk(150); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		outage := s.crowd.History.LongestOutage()
		fmt.Printf("%-34s longest outage %v\n", c.name, outage.Round(time.Millisecond))
		if c.bounded && outage > outageBound {
			return fmt.Errorf("%s: somebody was without a room for %v", c.name, outage)
		}
	}
	verdict := s.crowd.Finish(ctx)
	acked, seen, resumes, rebases := s.crowd.History.Counts()
	fmt.Printf("%d acknowledged, %d seen, %d resumes, %d told of a gap\n%v\n", acked, seen, resumes, rebases, verdict)
	if !verdict.Clean() {
		return errors.New("the promise was broken")
	}
	return nil
}

func (s *stage) scenes() []scene {
	return []scene{
		{"kill -9 of a node", func() error { return s.kill("chatroom", 0) }, true},
		{"kill -9 of another node", func() error { return s.kill("chatroom", 1) }, true},
		{"a node that stays away", func() error { return s.docker("stop", "-t", "30", s.container("chatroom", 2)) }, true},
		{"and comes back", func() error { return s.docker("start", s.container("chatroom", 2)) }, true},
		{"kill -9 of Redis", func() error { return s.kill("redis", 0) }, false},
		{"Redis paused for three seconds", s.pauseRedis, false},
		{"kill -9 of nginx", func() error { return s.kill("nginx", 0) }, false},
		{"reload of nginx", func() error { return s.docker("exec", s.container("nginx", 0), "nginx", "-s", "reload") }, true},
		{"rolling restart", s.roll, true},
		{"five nodes", func() error { return s.scale(5) }, true},
		{"two nodes", func() error { return s.scale(2) }, true},
	}
}

// talk waits until so many more messages were acknowledged.
func (s *stage) talk(more int) error {
	before, _, _, _ := s.crowd.History.Counts()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if acked, _, _, _ := s.crowd.History.Counts(); acked >= before+more {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("people can't chat any more")
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
		deadline := time.Now().Add(time.Minute)
		for s.inspect("inspect", "-f", "{{.State.Health.Status}}", id) != "healthy" {
			if time.Now().After(deadline) {
				return fmt.Errorf("container %s is not healthy", id)
			}
			<-time.After(200 * time.Millisecond)
		}
	}
	return nil
}

func (s *stage) scale(nodes int) error {
	out, err := exec.Command(s.compose, "-p", s.project, "up", "-d", "--no-recreate", "--scale", fmt.Sprintf("chatroom=%d", nodes)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("scale: %w\n%s", err, out)
	}
	return nil
}
