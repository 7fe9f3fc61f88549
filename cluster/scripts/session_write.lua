#!lua flags=allow-oom
-- session_write: the carrier of a session writes its record.
-- KEYS record, index of the partition (client id -> "node address name", with a ~ behind the node
--      of a detached session)
-- ARGV mode: "n" the first time, "c" again after Redis lost it, "u" only if it is there
--      nonce, incarnation, ttl (ms), id, index value, window (ms of a detached session, else ""),
--      then fields and values
-- → {"OK", detached until (Redis ms, 0 = connected)} | {"FENCED"} another incarnation carries it
--   | {"CLOSING"} it is being removed | {"ABSENT"} | {"ORPHAN"} its node was taken for dead: it is
--   detached and no longer that node's
-- Repeatable: a detached session keeps the time of the first write.
local s, i, x, d = unpack(redis.call('HMGET', KEYS[1], 's', 'i', 'x', 'd'))
local mode = ARGV[1]
if s and s ~= ARGV[2] and mode == 'n' then
  -- The id was granted anew; what stands here is what a crash left of its former holder.
  redis.call('DEL', KEYS[1])
  s, d = false, false
end
if s then
  if s ~= ARGV[2] or i ~= ARGV[3] then return {'FENCED'} end
  if x then return {'CLOSING'} end
  if d and ARGV[7] == '' then return {'ORPHAN'} end
elseif mode == 'u' then
  return {'ABSENT'}
end
redis.call('HSET', KEYS[1], 's', ARGV[2], 'i', ARGV[3], unpack(ARGV, 8))
if ARGV[7] ~= '' and not d then
  local t = redis.call('TIME')
  d = string.format('%d', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[7])
  redis.call('HSET', KEYS[1], 'd', d)
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('HSET', KEYS[2], ARGV[5], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {'OK', tonumber(d or 0)}
