#!lua flags=allow-oom
-- session_close: begins the end of a session; from here on nobody can resume it.
-- KEYS record
-- ARGV how: "e" if its window is over · "q" its carrier ends it, with nonce and incarnation ·
--      "r" removed or "b" banned by an administrator
-- → {"OK", nonce, incarnation, name, rooms, grant, node, address, why} | {"NONE"}
--   | {"LIVE", detached until (Redis ms, 0 = connected)} its window is not over
--   | {"FENCED"} another incarnation carries it
-- Repeatable; an administrator's reason is kept over the others.
local s, i, n, r, g, o, ip, d, x =
  unpack(redis.call('HMGET', KEYS[1], 's', 'i', 'n', 'r', 'g', 'o', 'ip', 'd', 'x'))
local how = ARGV[1]
if not s then return {'NONE'} end
if how == 'q' and (s ~= ARGV[2] or i ~= ARGV[3]) then return {'FENCED'} end
if how == 'e' and not x then
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  if not d or tonumber(d) > now then return {'LIVE', tonumber(d or 0)} end
end
if not x or how == 'b' or (how == 'r' and x ~= 'b') then
  x = how
  redis.call('HSET', KEYS[1], 'x', x)
end
return {'OK', s, i, n, r, g, o, ip, x}
