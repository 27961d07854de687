-- One write that only the owner may make.
-- KEYS: fence, key   ARGV: epoch, verb, arguments…   Replies 'OK', 'FENCED' or 'STALE' (see commit.lua).
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch ~= ARGV[1] then
  return tonumber(epoch or 0) < tonumber(ARGV[1]) and 'STALE' or 'FENCED'
end
redis.call(ARGV[2], KEYS[2], unpack(ARGV, 3))
return 'OK'
