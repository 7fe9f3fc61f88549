#!lua flags=allow-oom
-- ban_put: writes bans; the key lives a minute longer than the longest of them.
-- KEYS bans (hash: id -> JSON, "s:<nonce>" -> id, "v" -> version)
-- ARGV "1" = only what is not there (writing back after a loss), then for each ban id, nonce, until
--      (Unix ms) and JSON
-- → the version. Repeatable.
local ends = redis.call('PEXPIRETIME', KEYS[1])
for k = 2, #ARGV, 4 do
  if ARGV[1] ~= '1' or redis.call('HEXISTS', KEYS[1], ARGV[k]) == 0 then
    redis.call('HSET', KEYS[1], ARGV[k], ARGV[k + 3], 's:' .. ARGV[k + 1], ARGV[k])
  end
  ends = math.max(ends, ARGV[k + 2] + 60000)
end
local version = redis.call('HINCRBY', KEYS[1], 'v', 1)
redis.call('PEXPIREAT', KEYS[1], string.format('%d', ends))
return version
