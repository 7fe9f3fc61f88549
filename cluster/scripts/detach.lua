#!lua flags=allow-oom
-- detach: marks a member's place as kept until the window ends, by the clock of Redis.
--
-- KEYS 1 members
-- ARGV 1 client 2 incarnation ('' = any of the nonce) 3 nonce 4 window (ms)
-- returns {ABSENT} | {OK, member value}
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value or string.sub(value, 17, 40) ~= ARGV[3]
  or (ARGV[2] ~= '' and string.sub(value, 1, 16) ~= ARGV[2]) then
  return {'ABSENT'}
end
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[4])
value = string.sub(value, 1, 98) .. string.format('%013.0f', due) .. string.sub(value, 112)
redis.call('HSET', KEYS[1], ARGV[1], value)
return {'OK', value}
