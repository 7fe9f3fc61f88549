#!lua
-- publish: gives a batch of messages of one room their places, all or the accepted ones, and tells
-- every node in one envelope.
--
-- KEYS 1 meta 2 log 3 ids 4 idq 5 members 6 tombstone 7 channel
-- ARGV 1 origin (16 bytes) 2 epoch 3 known seq (-1 = none) 4 known message id 5 fence (1 or 0)
--      6 messages kept 7 bytes kept 8 age kept (ms) 9 dedupe window (ms) 10 TTL of the room (s)
--      then per message: client, incarnation, nonce:id, record
-- record: length of what follows (4 bytes, big endian), at (8), message id (16), body
--
-- returns {NOROOM, why it died or ''} | {EPOCH, epoch} | {FORK}: nothing was done
--      or {OK, first new seq, message id before it, one result per message}:
--         0 accepted, the next seq | -1 no member under this incarnation
--         | seq:at..id (a duplicate's place, at and id as in a record)
--
-- The known position is what the node has shown to its members: a Redis that has less, or something
-- else there, lost a tail, and must not give its numbers a second time.
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'l', 'y', 'o')
local epoch = meta[1]
if not epoch then return {'NOROOM', redis.call('GET', KEYS[6]) or ''} end
if epoch ~= ARGV[2] then return {'EPOCH', epoch} end
local before, last, bytes = tonumber(meta[2]), meta[3], tonumber(meta[4])
local known = tonumber(ARGV[3])
if known > before or (known == before and ARGV[4] ~= last) then return {'FORK'} end

local count = (#ARGV - 10) / 4
local clients, fields = {}, {}
for i = 1, count do
  clients[i] = ARGV[7 + 4 * i]
  fields[i] = ARGV[9 + 4 * i]
end
local places = redis.call('HMGET', KEYS[3], unpack(fields))
local members = ARGV[5] == '1' and redis.call('HMGET', KEYS[5], unpack(clients))
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local seq, prev, size = before, last, bytes
local reply, records, given, queue, seen = {'OK', before + 1, last}, {}, {}, {}, {}
for i = 1, count do
  local field = fields[i]
  local place = places[i] or seen[field]
  if place then
    reply[3 + i] = place
  elseif members and (not members[i] or string.sub(members[i], 1, 16) ~= ARGV[8 + 4 * i]) then
    reply[3 + i] = -1
  else
    local record = ARGV[10 + 4 * i]
    seq = seq + 1
    size = size + #record
    redis.call('XADD', KEYS[2], seq .. '-0', 'r', record, 'p', prev, 't', now, 'c', size)
    prev = string.sub(record, 13, 28)
    place = seq .. ':' .. string.sub(record, 5, 28)
    seen[field] = place
    given[#given + 1] = field
    given[#given + 1] = place
    queue[#queue + 1] = now .. ':' .. field
    records[#records + 1] = record
    reply[3 + i] = 0
  end
end
if seq == before then return reply end

redis.call('HSET', KEYS[1], 's', seq, 'l', prev, 'y', size, 'a', now, 'o', meta[5] or now)
redis.call('HSET', KEYS[3], unpack(given))
redis.call('RPUSH', KEYS[4], unpack(queue))
redis.call('SPUBLISH', KEYS[7], 'm' .. ARGV[1] .. epoch .. last .. struct.pack('>I8', before + 1) .. table.concat(records))
if before == 0 then
  for i = 2, 4 do redis.call('EXPIRE', KEYS[i], ARGV[10]) end
end

-- Ids older than the window go, at most four for each message: the queue shrinks, and no call is
-- long. `o` is a time that the oldest is not older than.
local old, gone = now - ARGV[9], {}
if meta[5] and tonumber(meta[5]) < old then
  local oldest
  for _, entry in ipairs(redis.call('LRANGE', KEYS[4], 0, 4 * #records)) do
    local colon = string.find(entry, ':', 1, true)
    oldest = string.sub(entry, 1, colon - 1)
    if tonumber(oldest) >= old or #gone == 4 * #records then break end
    gone[#gone + 1] = string.sub(entry, colon + 1)
  end
  if #gone > 0 then
    redis.call('LPOP', KEYS[4], #gone)
    redis.call('HDEL', KEYS[3], unpack(gone))
  end
  redis.call('HSET', KEYS[1], 'o', oldest or now)
end

-- The log is trimmed once in 32 messages or 64 KiB. Entries carry the sum of bytes up to them and
-- their ids have no holes, so the first to stay is found by halving, without reading the rest.
if math.floor(seq / 32) == math.floor(before / 32) and math.floor(size / 65536) == math.floor(bytes / 65536) then
  return reply
end
local oldest, limit = now - ARGV[8], tonumber(ARGV[7])
local function stays(at)
  local entry = redis.call('XRANGE', KEYS[2], at .. '-0', '+', 'COUNT', 1)[1]
  if not entry then return true end
  local f = entry[2]
  return size - f[8] + #f[2] <= limit and tonumber(f[6]) >= oldest
end
local low = math.max(1, seq - ARGV[6] + 1)
if not stays(low) then
  local high = seq
  while low < high do
    local middle = math.floor((low + high) / 2)
    if stays(middle) then high = middle else low = middle + 1 end
  end
end
redis.call('XTRIM', KEYS[2], 'MINID', low .. '-0')
return reply
