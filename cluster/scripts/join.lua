#!lua
-- join: puts a member into a room, or (resume) lets the place it holds be carried by another
-- incarnation of the same session.
--
-- KEYS 1 meta 2 members 3 tombstone 4 channel
-- ARGV 1 origin 2 resume (1 or 0) 3 client 4 incarnation 5 nonce 6 node 7 at (ms) 8 username 9 TTL (s)
--
-- member value: incarnation (16 hex digits), nonce (24), node (32), since when this incarnation has
-- the place (13 decimal digits, Redis time in ms), joined at (13), place kept until (13, 0 = is
-- connected), username
--
-- returns {NOROOM, why} | {NOPLACE} (resume without a place)
--      or {OK, changed, member value, members, e, s, l, v, n, p, c, b}
-- changed is 0 when the member was there already: nobody is told of it.
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'l', 'v', 'n', 'p', 'c', 'b', 'k')
if not meta[1] then return {'NOROOM', redis.call('GET', KEYS[3]) or ''} end
local current = redis.call('HGET', KEYS[2], ARGV[3])
local same = current and string.sub(current, 17, 40) == ARGV[5]
if ARGV[2] == '1' and not same then return {'NOPLACE'} end

local time = redis.call('TIME')
local now = string.format('%013.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local joined = same and string.sub(current, 86, 98) or string.format('%013.0f', ARGV[7])
-- A place keeps its name: who takes it over may know an older one.
local name = same and ARGV[2] == '1' and string.sub(current, 112) or ARGV[8]
local value = ARGV[4] .. ARGV[5] .. ARGV[6] .. now .. joined .. '0000000000000' .. name
local changed = 0
if same and string.sub(current, 1, 16) == ARGV[4] and string.sub(current, 99, 111) == '0000000000000' then
  value = current
else
  redis.call('HSET', KEYS[2], ARGV[3], value)
  redis.call('EXPIRE', KEYS[2], ARGV[9])
end
local members = redis.call('HLEN', KEYS[2])
local version = meta[4]
if not same then
  changed = 1
  version = redis.call('HINCRBY', KEYS[1], 'v', 1)
  if members > tonumber(meta[9]) then redis.call('HSET', KEYS[1], 'k', members) end
  redis.call('SPUBLISH', KEYS[4], 'e' .. ARGV[1] .. meta[1] .. table.concat(
    {meta[2], version, 'joined', ARGV[3], 0, members, ARGV[7], ARGV[8], ''}, '\0'))
elseif string.sub(current, 1, 16) ~= ARGV[4] then
  -- Silent: the node that carried the former incarnation forgets it.
  redis.call('SPUBLISH', KEYS[4], 't' .. ARGV[1] .. meta[1] .. ARGV[3])
end
return {'OK', changed, value, members, meta[1], meta[2], meta[3], version, meta[5], meta[6], meta[7], meta[8]}
