-- One write that only the owner may make.
-- KEYS: fence, key   ARGV: epoch, verb, arguments…   Replies 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 'FENCED' end
redis.call(ARGV[2], KEYS[2], unpack(ARGV, 3))
return 'OK'
