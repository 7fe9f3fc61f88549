#!lua
-- rate: counts a request in a sliding window, by the clock of Redis.
-- KEYS the times of the counted requests (list of Unix µs, oldest first)
-- ARGV limit, window (ms)
-- → 0 when it was counted, else the ms after which the oldest one leaves the window. What is
-- refused is not counted.
local t = redis.call('TIME')
local now, window = t[1] * 1000000 + t[2], ARGV[2] * 1000
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and (tonumber(oldest) <= now - window or tonumber(oldest) > now) do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[1]) then
  if not oldest then return tonumber(ARGV[2]) end
  return math.max(1, math.ceil((tonumber(oldest) + window - now) / 1000))
end
redis.call('RPUSH', KEYS[1], string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
