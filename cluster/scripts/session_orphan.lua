#!lua flags=allow-oom
-- session_orphan: the reaper marks a session of a dead node detached.
-- KEYS record, index of the partition
-- ARGV the dead node, until (Redis ms), ttl (ms), id
-- → {"OK", detached until, nonce, incarnation, name, rooms, grant} | {"NONE"} no record
--   | {"OTHER", node} it is carried elsewhere
-- Repeatable: a session that is detached already keeps its time.
local s, i, n, r, g, o, d = unpack(redis.call('HMGET', KEYS[1], 's', 'i', 'n', 'r', 'g', 'o', 'd'))
if not s then return {'NONE'} end
if o ~= ARGV[1] then return {'OTHER', o} end
if not d then
  d = ARGV[2]
  redis.call('HSET', KEYS[1], 'd', d)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local line = redis.call('HGET', KEYS[2], ARGV[4])
if line and string.sub(line, 1, #o + 1) == o .. ' ' then
  redis.call('HSET', KEYS[2], ARGV[4], o .. '~' .. string.sub(line, #o + 1))
end
return {'OK', tonumber(d), s, i, n, r, g}
