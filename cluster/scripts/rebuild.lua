#!lua
-- rebuild: brings back what a node knows of a room that Redis lost, whole or in part: the room
-- itself, if there is none, and the places of the node's members.
--
-- KEYS 1 meta 2 members 3 tombstone 4 rooms of the partition
-- ARGV 1 room 2 epoch of a new room 3 name 4 private 5 createdAt 6 createdBy 7 known version 8 TTL (s)
--      then per member: client, member value
-- returns {NOROOM, why} (it died, it was not lost) | {OK, members, e, s, l, v, n, p, c, b}
-- A place is taken back only from an older incarnation: `since` of the member value decides.
local meta = redis.call('HMGET', KEYS[1], 'e', 'v', 'k')
if not meta[1] then
  local why = redis.call('GET', KEYS[3])
  if why then return {'NOROOM', why} end
  redis.call('HSET', KEYS[1], 'e', ARGV[2], 's', 0, 'l', string.rep('\0', 16), 'n', ARGV[3],
    'c', ARGV[5], 'b', ARGV[6], 'p', ARGV[4], 'a', 0, 'y', 0)
  redis.call('ZADD', KEYS[4], ARGV[1], ARGV[1])
  redis.call('EXPIRE', KEYS[4], ARGV[8])
end
for i = 9, #ARGV, 2 do
  local current = redis.call('HGET', KEYS[2], ARGV[i])
  if not current or string.sub(current, 73, 85) < string.sub(ARGV[i + 1], 73, 85) then
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
local members = redis.call('HLEN', KEYS[2])
redis.call('HSET', KEYS[1], 'v', math.max(tonumber(meta[2] or '0'), tonumber(ARGV[7])) + 1,
  'k', math.max(tonumber(meta[3] or '0'), members))
redis.call('EXPIRE', KEYS[1], ARGV[8])
redis.call('EXPIRE', KEYS[2], ARGV[8])
local reply = redis.call('HMGET', KEYS[1], 'e', 's', 'l', 'v', 'n', 'p', 'c', 'b')
table.insert(reply, 1, members)
table.insert(reply, 1, 'OK')
return reply
