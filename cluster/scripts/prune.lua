#!lua flags=allow-oom
-- prune: takes a room out of the list that went by its TTL.
--
-- KEYS 1 meta 2 rooms of the partition
-- ARGV 1 room
-- returns how many were taken out
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
return redis.call('ZREM', KEYS[2], ARGV[1])
