-- Claims a lane.
-- KEYS: fence   ARGV: owner, generation, session ms, then pins as field, value pairs
-- Replies {'OK', epoch, claims} or {'REFUSED', owner, age ms} or {'MISMATCH', field, stored, ours}
local fence = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for i = 4, #ARGV, 2 do
  local stored = redis.call('HGET', fence, ARGV[i])
  if stored and stored ~= ARGV[i + 1] then
    return {'MISMATCH', ARGV[i], stored, ARGV[i + 1]}
  end
end

local old = redis.call('HMGET', fence, 'generation', 'claimed_ms', 'owner', 'offset', 'step', 'claimed_at')
if old[1] and old[3] ~= ARGV[1] and tonumber(ARGV[2]) < tonumber(old[1])
   and now - tonumber(old[2]) < 3 * tonumber(ARGV[3]) then
  return {'REFUSED', old[3], now - tonumber(old[2])}
end

local at = (old[4] or 'none') .. '/' .. (old[5] or '0')
local claims = 1
if old[6] == at then
  claims = redis.call('HINCRBY', fence, 'claims', 1)
else
  redis.call('HSET', fence, 'claims', '1', 'claimed_at', at)
end
local epoch = redis.call('HINCRBY', fence, 'epoch', 1)
for i = 4, #ARGV, 2 do
  redis.call('HSET', fence, ARGV[i], ARGV[i + 1])
end
redis.call('HSET', fence, 'owner', ARGV[1], 'generation', ARGV[2], 'claimed_ms', string.format('%.0f', now))
return {'OK', epoch, claims}
