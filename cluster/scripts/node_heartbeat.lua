#!lua flags=allow-oom
-- node_heartbeat: renews a node's lease by the clock of Redis, and finds dead nodes.
-- KEYS leases (zset node -> end), birth (drawn when this Redis was empty), reap (node -> lease end)
-- ARGV node, lease (ms), birth as the node knows it ("" at its start), a birth to set, the Redis ms
--      that the node expects now if it may judge others (else "")
-- → {status, now (Redis ms), birth, dead node, its lease end, ...} with status
--   OK · NEW registered · LOST Redis came back empty: registered again, claim and write everything
--   · REAPED the lease was taken away: begin again under a new incarnation
-- An expired lease that nobody took is simply renewed. Leases of others are taken away only when
-- the own one had not expired and the clock stands where it is expected within a second: whoever
-- waited for Redis as long as they did, or sees its clock jump, must not judge them.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local birth, status = redis.call('GET', KEYS[2]), 'OK'
local mine = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not birth then
  birth = ARGV[4]
  redis.call('SET', KEYS[2], birth)
  status = ARGV[3] == '' and 'NEW' or 'LOST'
elseif ARGV[3] == '' then
  status = 'NEW'
elseif ARGV[3] ~= birth then
  status = 'LOST'
elseif not mine then
  return {'REAPED', now, birth}
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if ARGV[5] ~= '' and status == 'OK' and mine and tonumber(mine) > now and math.abs(now - ARGV[5]) <= 1000 then
  local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, 16)
  for k = 1, #dead, 2 do
    redis.call('ZREM', KEYS[1], dead[k])
    redis.call('HSET', KEYS[3], dead[k], dead[k + 1])
  end
end
local reply = {status, now, birth}
local todo = redis.call('HGETALL', KEYS[3])
for k = 1, #todo do reply[#reply + 1] = todo[k] end
return reply
