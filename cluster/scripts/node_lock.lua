#!lua flags=allow-oom
-- node_lock: takes or extends a lock; it ends by itself when its holder dies.
-- KEYS lock
-- ARGV holder, ttl (ms)
-- → 1 when the holder has it, 0 when another one does.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
