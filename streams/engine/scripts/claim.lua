-- Claims a lane.
-- KEYS: fence   ARGV: owner, born ms, generation, session ms, then pins as field, value pairs
-- Replies {'OK', epoch, claims}, {'REFUSED', owner, age ms}, {'SUPERSEDED', owner} or
-- {'MISMATCH', field, stored, ours}
local fence = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for i = 5, #ARGV, 2 do
  local stored = redis.call('HGET', fence, ARGV[i])
  if stored and stored ~= ARGV[i + 1] then
    return {'MISMATCH', ARGV[i], stored, ARGV[i + 1]}
  end
end

local old = redis.call('HMGET', fence, 'generation', 'claimed_ms', 'owner', 'offset', 'step', 'claimed_at', 'born_ms')
local age = now - tonumber(old[2] or 0)
if old[1] and age < 3 * tonumber(ARGV[4]) then
  if old[3] == ARGV[1] and tonumber(ARGV[2]) < tonumber(old[7] or 0) then
    return {'SUPERSEDED', old[3]}
  end
  if old[3] ~= ARGV[1] and tonumber(ARGV[3]) < tonumber(old[1]) then
    return {'REFUSED', old[3], age}
  end
end

local at = (old[4] or 'none') .. '/' .. (old[5] or '0')
local claims = 1
if old[6] == at then
  claims = redis.call('HINCRBY', fence, 'claims', 1)
else
  redis.call('HSET', fence, 'claims', '1', 'claimed_at', at)
end
local epoch = redis.call('HINCRBY', fence, 'epoch', 1)
for i = 5, #ARGV, 2 do
  redis.call('HSET', fence, ARGV[i], ARGV[i + 1])
end
redis.call('HSET', fence, 'owner', ARGV[1], 'born_ms', ARGV[2], 'generation', ARGV[3],
  'claimed_ms', string.format('%.0f', now))
return {'OK', epoch, claims}
