#!lua flags=allow-oom
-- touch: lets the keys of a room that is in use live on.
--
-- KEYS 1 meta 2 members 3 log 4 ids 5 idq 6 past 7 rooms of the partition
-- ARGV 1 TTL (s)
-- returns 1 if there is the room, else 0
for i = 2, 7 do redis.call('EXPIRE', KEYS[i], ARGV[1]) end
return redis.call('EXPIRE', KEYS[1], ARGV[1])
