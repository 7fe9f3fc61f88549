-- session_orphan: the reaper marks a session of a dead node detached.
-- KEYS record
-- ARGV the dead node, until (Redis ms), ttl (ms)
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
return {'OK', tonumber(d), s, i, n, r, g}
