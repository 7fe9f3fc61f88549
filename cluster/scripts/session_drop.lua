#!lua flags=allow-oom
-- session_drop: the last step of a session's end, behind the leaves of its rooms.
-- KEYS record, index of the partition
-- ARGV id, nonce, incarnation
-- → {"OK"} when the record is gone, {"FENCED"} when another session or incarnation has it.
-- Repeatable.
local s, i = unpack(redis.call('HMGET', KEYS[1], 's', 'i'))
if s and (s ~= ARGV[2] or i ~= ARGV[3]) then return {'FENCED'} end
redis.call('DEL', KEYS[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return {'OK'}
