-- One commit: all of a batch, or nothing.
-- KEYS: fence, pane index, then the keys that the operations name by number
-- ARGV: epoch, expected offset, expected step, new offset, new step, fields of the fence (count,
--       then field, value…), then operations: words that follow, verb, key's number, arguments…
-- Replies 'OK', 'FENCED' (another owner) or 'STALE' (another position).
local fence = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'step')
if fence[1] ~= ARGV[1] then return 'FENCED' end
if (fence[2] or 'none') ~= ARGV[2] or (fence[3] or '0') ~= ARGV[3] then return 'STALE' end

local number = redis.call('HINCRBY', KEYS[1], 'commits', 1)
local fields = tonumber(ARGV[6])
local i = 7 + fields

while i <= #ARGV do
  local words, verb, key = tonumber(ARGV[i]), ARGV[i + 1], KEYS[tonumber(ARGV[i + 2])]
  if verb == 'ADD' or verb == 'PANE' then
    for j = i + 3, i + words, 2 do
      if redis.call('HINCRBY', key, ARGV[j], ARGV[j + 1]) == 0 then
        redis.call('HDEL', key, ARGV[j])
      end
    end
    if verb == 'PANE' then redis.call('ZADD', KEYS[2], number, key) end
  else
    redis.call(verb, key, unpack(ARGV, i + 3, i + words))
  end
  i = i + words + 1
end

redis.call('HSET', KEYS[1], 'offset', ARGV[4], 'step', ARGV[5])
if fields > 0 then redis.call('HSET', KEYS[1], unpack(ARGV, 7, 6 + fields)) end
return 'OK'
