#!lua flags=allow-oom
-- recover: what follows a position, or why that can't be proven. A fork ends the epoch: numbers that
-- were shown are never given again in the same epoch.
--
-- KEYS 1 meta 2 log 3 tombstone 4 channel
-- ARGV 1 origin 2 epoch 3 seq 4 message id 5 limit 6 epoch to begin on a fork
-- returns {NOROOM, why} | {EPOCH, epoch} | {FORK, new epoch} | {TRIMMED}
--      or {OK, s, members' version, records …}, the oldest first, at most limit
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'l', 'v')
if not meta[1] then return {'NOROOM', redis.call('GET', KEYS[3]) or ''} end
if meta[1] ~= ARGV[2] then return {'EPOCH', meta[1]} end
local seq, mine = tonumber(meta[2]), tonumber(ARGV[3])
local fork = mine > seq or (mine == seq and meta[3] ~= ARGV[4])
local entries = {}
if mine < seq then
  entries = redis.call('XRANGE', KEYS[2], (mine + 1) .. '-0', '+', 'COUNT', ARGV[5])
  if #entries == 0 or entries[1][1] ~= (mine + 1) .. '-0' then return {'TRIMMED'} end
  fork = entries[1][2][4] ~= ARGV[4]
end
if fork then
  redis.call('HSET', KEYS[1], 'e', ARGV[6])
  redis.call('SPUBLISH', KEYS[4], 'n' .. ARGV[1] .. ARGV[6])
  return {'FORK', ARGV[6]}
end
local reply = {'OK', seq, meta[4]}
for i, entry in ipairs(entries) do reply[3 + i] = entry[2][2] end
return reply
