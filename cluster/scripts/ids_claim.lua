#!lua flags=allow-oom
-- ids_claim: a node says which ids of one range it holds, for a Redis that lost (some of) them.
-- KEYS bits, own, cur, hold
-- ARGV node, lo, size, hold (ms), start (where a new cursor begins), then pairs of id and grant
-- → the ids that meanwhile belong to another grant: their holder has lost them.
-- Repeatable. The first claim on an empty range stops all grants for a while, so that every node
-- has claimed before an id is handed out; the cursor begins anywhere, because what was in use
-- before is most likely where it stood.
local node, lo, size = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('SET', KEYS[3], ARGV[5])
  redis.call('SETBIT', KEYS[1], size - 1, redis.call('GETBIT', KEYS[1], size - 1))
  redis.call('SET', KEYS[4], node, 'PX', ARGV[4])
end
local lost = {}
for i = 6, #ARGV, 2 do
  local id, grant = ARGV[i], ARGV[i + 1]
  local mine = grant .. ':' .. node
  local owner = redis.call('HGET', KEYS[2], id)
  if not owner then
    redis.call('SETBIT', KEYS[1], tonumber(id) - lo, 1)
    redis.call('HSET', KEYS[2], id, mine)
  elseif string.sub(owner, 1, #grant + 1) ~= grant .. ':' then
    lost[#lost + 1] = tonumber(id)
  elseif owner ~= mine then
    redis.call('HSET', KEYS[2], id, mine)
  end
end
return lost
