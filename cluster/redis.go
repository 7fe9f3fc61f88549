package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// store is the connection to Redis that everything but subscriptions and WAIT uses.
type store struct {
	// Immutable after open.
	client rueidis.Client
	keys   keyspace
	log    *slog.Logger

	// Atomic; any goroutine.
	roundTrip histogram
}

// call is one script with its keys and arguments. All keys of a call share one hash tag.
type call struct {
	script *script
	keys   []string
	args   []string
}

// openStore connects, within openPatience and ctx, and refuses a Redis that would lose rooms.
func openStore(ctx context.Context, c Config) (*store, error) {
	opt, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	opt.ClientName = "chatroom"
	opt.Dialer.Timeout, opt.Dialer.KeepAlive = dialTimeout, keepAlive
	opt.ConnWriteTimeout = writeTimeout
	// One connection for all pipelined commands: with several, rueidis picks one at random per
	// command and the commands of two rooms gain nothing.
	opt.PipelineMultiplex = -1
	opt.DisableCache = true
	opt.ForceSingleClient = !strings.HasPrefix(c.URL, schemeCluster) && opt.Sentinel.MasterSet == ""
	opt.ClusterOption.ShardsRefreshInterval = topologyInterval
	opt.Sentinel.TopologyRefreshInterval = topologyInterval
	opt.Sentinel.Dialer = opt.Dialer
	// Sixty-four KiB each way instead of half a MiB: a batch of a room is smaller, and nodes are many.
	opt.ReadBufferEachConn, opt.WriteBufferEachConn = 64<<10, 64<<10

	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	s := &store{keys: newKeyspace(c.Prefix), log: c.Logger}
	if s.client, err = dial(ctx, opt); err != nil {
		return nil, fmt.Errorf("cluster: redis is not reachable: %w%s", err, hint(opt, err))
	}
	if err := s.examine(ctx); err != nil {
		s.client.Close()
		return nil, err
	}
	return s, nil
}

// hint says what a closed TLS connection most likely means: Redis refuses a certificate behind the
// handshake, and whether its reason arrives before the end of the connection is chance.
func hint(opt rueidis.ClientOption, err error) string {
	var refused *rueidis.RedisError
	var distrusted *tls.CertificateVerificationError
	var op *net.OpError
	if opt.TLSConfig == nil || errors.As(err, &refused) || errors.As(err, &distrusted) || errors.As(err, &op) && op.Op == "dial" {
		return ""
	}
	return " (does it ask for a certificate of an authority that it trusts? tls_cert and tls_key in the url)"
}

// dial tries until Redis answers a PING or ctx ends.
func dial(ctx context.Context, opt rueidis.ClientOption) (rueidis.Client, error) {
	for {
		client, err := rueidis.NewClient(opt)
		if err == nil {
			if err = client.Do(ctx, client.B().Ping().Build()).Error(); err == nil {
				return client, nil
			}
		}
		if client != nil {
			client.Close()
		}
		var refused *rueidis.RedisError
		if errors.As(err, &refused) && !refused.IsLoading() && !refused.IsClusterDown() {
			return nil, err // a wrong password does not mend itself
		}
		var distrusted *tls.CertificateVerificationError
		var alert *net.OpError
		if errors.As(err, &distrusted) || errors.As(err, &alert) && alert.Op == "remote error" {
			return nil, err // nor does a wrong certificate
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *store) close() { s.client.Close() }

// do runs one plain command within requestDeadline. Any goroutine that may block.
//
// Like the three below it answers at once when ctx has ended: the library does not look before it
// has a connection, and on a Redis that takes connections and says nothing each look took seconds.
// A node whose loops took turns at that needed over 30 s to end.
func (s *store) do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if err := ctx.Err(); err != nil {
		return rueidis.NewErrorResult(err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	return s.client.Do(ctx, cmd)
}

// doMulti pipelines plain commands within requestDeadline. Any goroutine that may block.
func (s *store) doMulti(ctx context.Context, cmds ...rueidis.Completed) []rueidis.RedisResult {
	if len(cmds) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return refusals(len(cmds), err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	return s.client.DoMulti(ctx, cmds...)
}

// run runs one script within requestDeadline. A script is never repeated by the client library:
// where the answer is missing, the caller knows whether it may. Any goroutine that may block.
func (s *store) run(ctx context.Context, sc *script, keys, args []string) rueidis.RedisResult {
	if err := ctx.Err(); err != nil {
		return rueidis.NewErrorResult(err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	start := time.Now()
	r := s.client.Do(ctx, evalsha(s.client.B(), sc, keys, args))
	if isNoScript(r.Error()) {
		r = s.client.Do(ctx, eval(s.client.B(), sc, keys, args))
	}
	s.roundTrip.observe(time.Since(start))
	return r
}

// runMulti pipelines scripts within requestDeadline; results stand in the order of the calls. Calls
// of one batch must not depend on each other: after SCRIPT FLUSH some run later than others.
func (s *store) runMulti(ctx context.Context, calls []call) []rueidis.RedisResult {
	if len(calls) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return refusals(len(calls), err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	start := time.Now()
	results := runCalls(ctx, s.client, calls)
	s.roundTrip.observe(time.Since(start))
	return results
}

// refusals answers each of n commands that are not sent.
func refusals(n int, err error) []rueidis.RedisResult {
	return slices.Repeat([]rueidis.RedisResult{rueidis.NewErrorResult(err)}, n)
}

// multiDoer is what a client and a dedicated connection have in common.
type multiDoer interface {
	B() rueidis.Builder
	DoMulti(ctx context.Context, multi ...rueidis.Completed) []rueidis.RedisResult
}

// runCalls pipelines calls on c and gives the text of those scripts that Redis did not know. The
// library's own fallback sends SCRIPT LOAD to every node on each call.
func runCalls(ctx context.Context, c multiDoer, calls []call) []rueidis.RedisResult {
	cmds := make(rueidis.Commands, len(calls))
	for i := range calls {
		cmds[i] = evalsha(c.B(), calls[i].script, calls[i].keys, calls[i].args)
	}
	results := c.DoMulti(ctx, cmds...)
	var missing []int
	for i := range results {
		if isNoScript(results[i].Error()) {
			missing = append(missing, i)
		}
	}
	if missing == nil {
		return results
	}
	again := make(rueidis.Commands, len(missing))
	for n, i := range missing {
		again[n] = eval(c.B(), calls[i].script, calls[i].keys, calls[i].args)
	}
	for n, r := range c.DoMulti(ctx, again...) {
		results[missing[n]] = r
	}
	return results
}

func evalsha(b rueidis.Builder, sc *script, keys, args []string) rueidis.Completed {
	return b.Evalsha().Sha1(sc.sha).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build()
}

func eval(b rueidis.Builder, sc *script, keys, args []string) rueidis.Completed {
	return b.Eval().Script(sc.text).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build()
}

func isNoScript(err error) bool {
	var re *rueidis.RedisError
	return errors.As(err, &re) && re.IsNoScript()
}

// outcomeUnknown says whether Redis may have executed what ended in err: everything that is no answer of
// Redis itself may have been. nil means executed.
func outcomeUnknown(err error) bool {
	var re *rueidis.RedisError
	return err != nil && !errors.As(err, &re)
}
