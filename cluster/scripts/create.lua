#!lua
-- create: makes a room with its creator as the only member.
--
-- KEYS 1 meta 2 members 3 tombstone 4 rooms of the partition
-- ARGV 1 room 2 epoch 3 name 4 private (1 or 0) 5 createdAt (ms) 6 TTL (s)
--      7 client 8 incarnation 9 nonce 10 node 11 username
-- returns {TAKEN}: the id is in use or rests | {OK, member value}
-- The same epoch again is the same call again: its first try got through.
local made = redis.call('HGET', KEYS[1], 'e')
if made and made ~= ARGV[2] or redis.call('EXISTS', KEYS[3]) == 1 then return {'TAKEN'} end
local time = redis.call('TIME')
local now = string.format('%013.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local value = ARGV[8] .. ARGV[9] .. ARGV[10] .. now .. string.format('%013.0f', ARGV[5]) .. '0000000000000' .. ARGV[11]
if made then return {'OK', redis.call('HGET', KEYS[2], ARGV[7]) or value} end
redis.call('HSET', KEYS[1], 'e', ARGV[2], 's', 0, 'l', string.rep('\0', 16), 'v', 1, 'n', ARGV[3],
  'c', ARGV[5], 'b', ARGV[7], 'p', ARGV[4], 'k', 1, 'a', 0, 'y', 0)
redis.call('HSET', KEYS[2], ARGV[7], value)
redis.call('ZADD', KEYS[4], ARGV[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[6])
redis.call('EXPIRE', KEYS[4], ARGV[6])
return {'OK', value}
