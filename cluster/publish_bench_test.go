package cluster

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"testing"

	"chatroom/internal/chat"
)

// BenchmarkPublishScript runs publish alone: 64 full rooms of 100 members, each exchange one batch
// for each of 16 rooms. It reports messages a second and the time of Redis for one message.
func BenchmarkPublishScript(b *testing.B) {
	for _, batch := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) { benchmarkPublish(b, batch) })
	}
}

func benchmarkPublish(b *testing.B, batch int) {
	redis := launch(b)
	s, err := openStore(context.Background(), Config{URL: "redis://" + redis.addr()}.withDefaults())
	if err != nil {
		b.Fatal(err)
	}
	defer s.close()
	const rooms, members, inOne = 64, 100, 16
	epoch := hex16(1)
	for r := range rooms {
		k := s.keys.room(chat.RoomID(10000 + r))
		redis.do("HSET", k.meta, "e", epoch, "s", "0", "l", string(make([]byte, 16)), "y", "0", "v", "1")
		for m := range members {
			redis.do("HSET", k.members, strconv.Itoa(m), hex16(uint64(m))+fmt.Sprintf("%024d%032d%039d", 0, 0, 0)+"name")
		}
	}
	body := make([]byte, 200)
	next := 0
	redis.do("CONFIG", "RESETSTAT")
	b.ResetTimer()
	for sent := 0; sent < b.N; {
		calls := make([]call, 0, inOne)
		for range inOne {
			k := s.keys.room(chat.RoomID(10000 + next%rooms))
			args := []string{"0123456789abcdef", epoch, "-1", "", "1", "1000", "1048576", "4020000", "300000", "4020"}
			for i := range batch {
				p := chat.Pending{ID: strconv.Itoa(next*batch + i), At: 1, Body: body}
				_, _ = rand.Read(p.MessageID[:])
				client := (next + i) % members
				args = append(args, strconv.Itoa(client), hex16(uint64(client)), "123456789012:"+p.ID, record(&p))
			}
			calls = append(calls, call{script: scriptPublish, args: args,
				keys: []string{k.meta, k.log, k.ids, k.idq, k.members, k.tomb, k.channel}})
			next++
			sent += batch
		}
		for _, res := range s.runMulti(context.Background(), calls) {
			if reply, err := res.ToArray(); err != nil || reply[0].String() == "" {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	stats, _ := redis.do("INFO", "commandstats").ToString()
	var calls, usec int64
	if _, err := fmt.Sscanf(infoField(stats, "cmdstat_evalsha"), "calls=%d,usec=%d", &calls, &usec); err == nil && calls > 0 {
		b.ReportMetric(float64(usec)/float64(calls)/float64(batch), "redis-µs/msg")
	}
}
