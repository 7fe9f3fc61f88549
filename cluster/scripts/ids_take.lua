#!lua
-- ids_take: grants free client ids of one range to a node.
-- KEYS bits (bitmap by id-lo), own (id -> "grant:node"), cur (where the next search begins),
--      last (node -> "grant id id ..."), hold (exists while a restored Redis is being claimed)
-- ARGV n, node, grant (drawn by the node for this request), lo, size, known ("1": the node has
--      taken from this range before)
-- → {"OK", id, ...} at least one, at most n | {"FULL"} every id of the range is granted
--   | {"HOLD"} ask again later | {"LOST"} the range is empty though the node knows it: claim first
-- Repeatable: the same grant is answered with the same ids. The cursor only goes forward, so an id
-- that was given back is granted again as late as possible. A request gets at
-- most an eighth of what is left (but a block of 64 of a big range), so that no node hoards the
-- last ids.
local n, lo, size = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[5])
local reply = {'OK'}
local before = redis.call('HGET', KEYS[4], ARGV[2])
if before and string.sub(before, 1, #ARGV[3] + 1) == ARGV[3] .. ' ' then
  for id in string.gmatch(string.sub(before, #ARGV[3] + 2), '%d+') do
    reply[#reply + 1] = tonumber(id)
  end
  return reply
end
if redis.call('EXISTS', KEYS[5]) == 1 then return {'HOLD'} end
local cur = redis.call('GET', KEYS[3])
if not cur then
  if ARGV[6] == '1' then return {'LOST'} end
  -- BITPOS finds a zero at once in a key that does not exist, wherever it was told to begin.
  redis.call('SETBIT', KEYS[1], size - 1, 0)
  cur = 0
end
local free = size - redis.call('HLEN', KEYS[2])
if free <= 0 then return {'FULL'} end
n = math.min(n, math.max(1, math.floor(free / 8), math.min(64, math.floor(size / 64))))
local at, wrapped = tonumber(cur), false
local owner, sets = ARGV[3] .. ':' .. ARGV[2], {}
while #reply <= n do
  local bit = -1
  if at < size then bit = redis.call('BITPOS', KEYS[1], 0, at, size - 1, 'BIT') end
  if bit < 0 then
    if wrapped then break end
    at, wrapped = 0, true
  else
    redis.call('SETBIT', KEYS[1], bit, 1)
    local id = string.format('%d', lo + bit)
    reply[#reply + 1] = lo + bit
    sets[#sets + 1] = id
    sets[#sets + 1] = owner
    at = bit + 1
  end
end
redis.call('SET', KEYS[3], at)
if #sets == 0 then return {'FULL'} end
redis.call('HSET', KEYS[2], unpack(sets))
local names = {}
for i = 1, #sets, 2 do names[#names + 1] = sets[i] end
redis.call('HSET', KEYS[4], ARGV[2], ARGV[3] .. ' ' .. table.concat(names, ' '))
return reply
