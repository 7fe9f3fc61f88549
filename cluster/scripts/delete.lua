#!lua flags=allow-oom
-- delete: an operator ends a room. Its id rests under a tombstone that says so.
--
-- KEYS 1 meta 2 members 3 log 4 ids 5 idq 6 past 7 tombstone 8 channel 9 rooms of the partition
-- ARGV 1 origin 2 room 3 at (ms) 4 TTL of the tombstone (s)
-- returns {NOROOM, why} | {OK, members, e, s, v}
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'v')
if not meta[1] then
  redis.call('ZREM', KEYS[9], ARGV[2])
  return {'NOROOM', redis.call('GET', KEYS[7]) or ''}
end
local members = redis.call('HLEN', KEYS[2])
local version = tonumber(meta[3]) + 1
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
redis.call('SET', KEYS[7], 'deleted', 'EX', ARGV[4])
redis.call('ZREM', KEYS[9], ARGV[2])
redis.call('SPUBLISH', KEYS[8], 'e' .. ARGV[1] .. meta[1] .. table.concat(
  {meta[2], version, 'room_deleted', 0, 0, 0, ARGV[3], '', ''}, '\0'))
return {'OK', members, meta[1], meta[2], version}
