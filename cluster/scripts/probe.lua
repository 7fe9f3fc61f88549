#!lua
-- probe: shows that scripts run, writes are taken and the channel carries.
-- KEYS 1 the node's probe key, which is its channel's name as well
-- ARGV 1 token
-- returns 1
redis.call('SET', KEYS[1], ARGV[1], 'EX', 60)
redis.call('SPUBLISH', KEYS[1], ARGV[1])
return 1
