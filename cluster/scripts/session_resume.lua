#!lua flags=allow-oom
-- session_resume: another connection takes a session over.
-- KEYS record, index of the partition
-- ARGV nonce, incarnation (the new one), ttl (ms), id, node, address, server id, connected at (ms),
--      incarnations of earlier tries whose outcome nobody learnt
-- → {"OK", former incarnation, former node, detached until ("" = it was connected), name, rooms,
--   grant, issued at, rooms of these that it has left, messages}
--   | {"INVALID"} no such session, or its window is over | {"BANNED"}
-- Repeatable: a second call with the same incarnation gets the same answer. An earlier try that got
-- through is not the former incarnation: no connection has it, and the one before it must be told.
local s, i, x, o, n, r, g, t, d, pi, po, pd, f, q = unpack(redis.call('HMGET', KEYS[1],
  's', 'i', 'x', 'o', 'n', 'r', 'g', 't', 'd', 'pi', 'po', 'pd', 'f', 'q'))
if not s or s ~= ARGV[1] then return {'INVALID'} end
if x then return {x == 'b' and 'BANNED' or 'INVALID'} end
if i ~= ARGV[2] then
  if d then
    local now = redis.call('TIME')
    if tonumber(d) <= now[1] * 1000 + math.floor(now[2] / 1000) then return {'INVALID'} end
  end
  local again = false
  for k = 9, #ARGV do again = again or i == ARGV[k] end
  if not (again and pi) then pi, po, pd = i, o, d or '' end
  redis.call('HSET', KEYS[1], 'pi', pi, 'po', po, 'pd', pd, 'i', ARGV[2], 'o', ARGV[5],
    'ip', ARGV[6], 'v', ARGV[7], 'c', ARGV[8], 'l', ARGV[8])
  redis.call('HDEL', KEYS[1], 'd')
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. n)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
-- What the session has left is known only from the one that was taken over: an older version does not
-- write it.
local by, left = string.match(f or '', '^(%d+):(.*)$')
local known = by == pi
for k = 9, #ARGV do known = known or by == ARGV[k] end
return {'OK', pi, po, pd, n, r, g, t, known and left or '', q or '0'}
