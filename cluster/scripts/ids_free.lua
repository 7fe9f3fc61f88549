#!lua flags=allow-oom
-- ids_free: takes ids of one range back.
-- KEYS bits, own
-- ARGV lo, then pairs of id and grant
-- → how many were freed. Repeatable: an id that has been granted anew has another grant and stays.
local freed = 0
for i = 2, #ARGV, 2 do
  local owner = redis.call('HGET', KEYS[2], ARGV[i])
  local grant = ARGV[i + 1] .. ':'
  if owner and string.sub(owner, 1, #grant) == grant then
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('SETBIT', KEYS[1], tonumber(ARGV[i]) - tonumber(ARGV[1]), 0)
    freed = freed + 1
  end
end
return freed
