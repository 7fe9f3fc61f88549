#!lua flags=allow-oom
-- leave: takes a member out; the last one takes the room with it. Runs when Redis is out of memory:
-- leaving is what frees it.
--
-- KEYS 1 meta 2 members 3 log 4 ids 5 idq 6 past 7 tombstone 8 channel 9 rooms of the partition
-- ARGV 1 origin 2 room 3 client 4 incarnation ('' = any of the nonce) 5 nonce 6 only if due (1 or 0)
--      7 at (ms) 8 left or removed 9 TTL of the tombstone (s) 10 TTL (s)
-- returns {ABSENT, members, e, s, v} (e is '' without a room)
--      or {OK, members, e, s, v, username, owner}
local value = redis.call('HGET', KEYS[2], ARGV[3])
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'v', 'b')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fits = value and string.sub(value, 17, 40) == ARGV[5]
  and (ARGV[4] == '' or string.sub(value, 1, 16) == ARGV[4])
if fits and ARGV[6] == '1' then
  local due = tonumber(string.sub(value, 99, 111))
  fits = due > 0 and due <= now
end
if not fits then
  return {'ABSENT', redis.call('HLEN', KEYS[2]), meta[1] or '', meta[2] or '0', meta[3] or '0'}
end
local name = string.sub(value, 112)
local owner = meta[4] == ARGV[3] and 1 or 0
redis.call('HDEL', KEYS[2], ARGV[3])
local members = redis.call('HLEN', KEYS[2])
local epoch, seq, version = meta[1] or string.rep('0', 16), meta[2] or '0', tonumber(meta[3] or '0') + 1
local event = 'e' .. ARGV[1] .. epoch .. table.concat(
  {seq, version, ARGV[8], ARGV[3], owner, members, ARGV[7], name, ''}, '\0')
if members == 0 then
  redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
  redis.call('SET', KEYS[7], 'empty', 'EX', ARGV[9])
  redis.call('ZREM', KEYS[9], ARGV[2])
else
  if meta[1] then redis.call('HSET', KEYS[1], 'v', version) end
  redis.call('LPUSH', KEYS[6], table.concat({ARGV[3], string.sub(value, 86, 98), ARGV[7], name}, '\0'))
  redis.call('LTRIM', KEYS[6], 0, 99)
  redis.call('EXPIRE', KEYS[6], ARGV[10])
end
redis.call('SPUBLISH', KEYS[8], event)
return {'OK', members, epoch, seq, version, name, owner}
