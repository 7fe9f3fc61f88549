#!lua flags=allow-oom
-- node_due: hands out detached sessions whose window is over, each to one node at a time.
-- KEYS det (zset "client:grant" -> detached until)
-- ARGV limit, hold (ms after which another node may try)
-- → {score of the hold, member, ...}
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
local reply = {now + ARGV[2]}
for k = 1, #due do
  redis.call('ZADD', KEYS[1], now + ARGV[2], due[k])
  reply[#reply + 1] = due[k]
end
return reply
