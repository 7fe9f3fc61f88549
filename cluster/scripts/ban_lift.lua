#!lua flags=allow-oom
-- ban_lift: lifts one ban.
-- KEYS bans
-- ARGV id, nonce
-- → 1 if it was there, else 0. The version stays for an hour at least: a list that is merely
-- shorter must not look like one that Redis lost.
local n = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[1], 's:' .. ARGV[2])
if n == 1 then
  redis.call('HINCRBY', KEYS[1], 'v', 1)
  if redis.call('PTTL', KEYS[1]) < 3600000 then redis.call('PEXPIRE', KEYS[1], 3600000) end
end
return n
