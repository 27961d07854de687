-- One commit: all of a batch, or nothing.
-- KEYS: fence, pane index, then the keys that the operations name by number
-- ARGV: epoch, expected offset, expected step, new offset, new step, and the operations in one
--       argument (thousands would cost the client more than folding): each is the number of its
--       words, its verb, its key's number, its words; texts follow their length (big endian, 4).
-- Replies 'OK', 'FENCED' (another owner) or 'STALE' (another position).
local fence = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'step')
if fence[1] ~= ARGV[1] then return 'FENCED' end
if (fence[2] or 'none') ~= ARGV[2] or (fence[3] or '0') ~= ARGV[3] then return 'STALE' end

local number = redis.call('HINCRBY', KEYS[1], 'commits', 1)

local blob, at = ARGV[6], 1
while at <= #blob do
  local count, verb, number_of_key
  count, at = struct.unpack('>I4', blob, at)
  verb, at = struct.unpack('>I4c0', blob, at)
  number_of_key, at = struct.unpack('>I4', blob, at)
  local key, words = KEYS[number_of_key], {}
  for j = 1, count do
    words[j], at = struct.unpack('>I4c0', blob, at)
  end
  if verb == 'ADD' or verb == 'PANE' then
    for j = 1, count, 2 do
      if redis.call('HINCRBY', key, words[j], words[j + 1]) == 0 then
        redis.call('HDEL', key, words[j])
      end
    end
    if verb == 'PANE' then redis.call('ZADD', KEYS[2], number, key) end
  else
    redis.call(verb, key, unpack(words))
  end
end

redis.call('HSET', KEYS[1], 'offset', ARGV[4], 'step', ARGV[5])
return 'OK'
