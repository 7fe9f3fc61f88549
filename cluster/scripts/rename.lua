#!lua
-- rename: gives a member another name and tells everyone.
--
-- KEYS 1 meta 2 members 3 tombstone 4 channel
-- ARGV 1 origin 2 client 3 incarnation 4 nonce 5 at (ms) 6 username
--      7 takes back (1 or 0): a rename that may not have happened; nobody is told what they know
-- returns {NOROOM, why} | {NOTMEMBER} | {OK, former name, member value, members, e, s, v}
local meta = redis.call('HMGET', KEYS[1], 'e', 's', 'v')
if not meta[1] then return {'NOROOM', redis.call('GET', KEYS[3]) or ''} end
local value = redis.call('HGET', KEYS[2], ARGV[2])
if not value or string.sub(value, 1, 16) ~= ARGV[3] or string.sub(value, 17, 40) ~= ARGV[4] then
  return {'NOTMEMBER'}
end
local former = string.sub(value, 112)
if ARGV[7] == '1' and former == ARGV[6] then
  return {'OK', former, value, redis.call('HLEN', KEYS[2]), meta[1], meta[2], meta[3]}
end
value = string.sub(value, 1, 111) .. ARGV[6]
redis.call('HSET', KEYS[2], ARGV[2], value)
local version = redis.call('HINCRBY', KEYS[1], 'v', 1)
local members = redis.call('HLEN', KEYS[2])
redis.call('SPUBLISH', KEYS[4], 'e' .. ARGV[1] .. meta[1] .. table.concat(
  {meta[2], version, 'renamed', ARGV[2], 0, members, ARGV[5], ARGV[6], former}, '\0'))
return {'OK', former, value, members, meta[1], meta[2], version}
