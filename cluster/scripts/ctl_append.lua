#!lua flags=allow-oom
-- ctl_append: appends a command to the log between nodes and tells all of them.
-- KEYS log (stream), channel
-- ARGV command, entries to keep
-- → its id. The message is "previous-id id command": who does not know the previous one reads the
-- log from where it stands. Appending twice is harmless, each command can be repeated.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local prev = last[1] and last[1][1] or '0-0'
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'c', ARGV[1])
redis.call('SPUBLISH', KEYS[2], prev .. ' ' .. id .. ' ' .. ARGV[1])
return id
