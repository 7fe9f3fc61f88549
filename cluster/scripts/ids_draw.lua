#!lua
-- ids_draw: draws room ids of one range that were not drawn since the range was last swept.
-- KEYS bits (bitmap by id-lo), cur
-- ARGV n, lo, size, start (where a new cursor begins)
-- → up to n ids, none when all have been drawn. A drawn id is a candidate: whether a room or a
-- tombstone has it, create decides. An answer that got lost wastes its ids until the next sweep.
-- A Redis that came back empty begins anywhere: the rooms of before, which their nodes write again,
-- most likely stand where it began.
local n, lo, size = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local cur = redis.call('GET', KEYS[2])
if not cur then
  redis.call('SETBIT', KEYS[1], size - 1, 0)
  cur = ARGV[4]
end
local at, wrapped, reply = tonumber(cur), false, {}
while #reply < n do
  local bit = -1
  if at < size then bit = redis.call('BITPOS', KEYS[1], 0, at, size - 1, 'BIT') end
  if bit < 0 then
    if wrapped then break end
    at, wrapped = 0, true
  else
    redis.call('SETBIT', KEYS[1], bit, 1)
    reply[#reply + 1] = lo + bit
    at = bit + 1
  end
end
redis.call('SET', KEYS[2], at)
return reply
