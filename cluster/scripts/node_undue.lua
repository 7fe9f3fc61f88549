#!lua flags=allow-oom
-- node_undue: takes finished sessions off the list of detached ones.
-- KEYS det
-- ARGV the score that node_due gave, members
-- → how many. One that was detached again in the meantime has another score and stays.
local gone = 0
for k = 2, #ARGV do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[k])
  if score and tonumber(score) == tonumber(ARGV[1]) then
    gone = gone + redis.call('ZREM', KEYS[1], ARGV[k])
  end
end
return gone
