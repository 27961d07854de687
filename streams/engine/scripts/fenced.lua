-- One write that only the owner may make.
-- KEYS: fence, key   ARGV: epoch, verb, arguments…   Replies as commit.lua.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch ~= ARGV[1] then
  if tonumber(epoch or 0) < tonumber(ARGV[1]) then return 'STALE' end
  local other = redis.call('HMGET', KEYS[1], 'owner', 'born_ms')
  return {'FENCED', other[1] or '', other[2] or '0'}
end
redis.call(ARGV[2], KEYS[2], unpack(ARGV, 3))
return 'OK'
