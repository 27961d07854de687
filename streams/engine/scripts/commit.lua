-- One commit: all of a batch, or nothing.
-- KEYS: fence, pane index, then the keys that the operations name by number
-- ARGV: epoch, expected offset, expected step, new offset, new step, and the operations in one
--       argument (thousands would cost the client more than folding), as MessagePack: each is an
--       array of its verb, its key's number, its words.
-- Replies 'OK', {'FENCED', owner, born ms} (claimed since, by that worker) or 'STALE' (another
-- position, or the claim of this epoch is lost: nobody has the lane, there is nothing to wait for).
local fence = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'step')
if fence[1] ~= ARGV[1] then
  if tonumber(fence[1] or 0) < tonumber(ARGV[1]) then return 'STALE' end
  local other = redis.call('HMGET', KEYS[1], 'owner', 'born_ms')
  return {'FENCED', other[1] or '', other[2] or '0'}
end
if (fence[2] or 'none') ~= ARGV[2] or (fence[3] or '0') ~= ARGV[3] then return 'STALE' end

local number = redis.call('HINCRBY', KEYS[1], 'commits', 1)

for _, words in ipairs(cmsgpack.unpack(ARGV[6])) do
  local verb, key = words[1], KEYS[words[2]]
  if verb == 'ADD' or verb == 'PANE' then
    for j = 3, #words, 2 do
      if redis.call('HINCRBY', key, words[j], words[j + 1]) == 0 then
        redis.call('HDEL', key, words[j])
      end
    end
    if verb == 'PANE' then redis.call('ZADD', KEYS[2], number, key) end
  elseif verb == 'OUT' then
    for j = 3, #words, 2 do redis.call('XADD', key, words[j], 'e', words[j + 1]) end
  else
    redis.call(verb, key, unpack(words, 3))
  end
end

redis.call('HSET', KEYS[1], 'offset', ARGV[4], 'step', ARGV[5])
return 'OK'
