-- Takes a lock if it is free, and draws its fence.
--
-- KEYS  1 the lock   2 the fence counter   3 exists when this token was released in doubt (release.lua)
-- ARGV  1 token, new for each acquisition   2 ttl in ms   3 holder, for people
-- Returns {'granted', fence}, or {'held', ms until the lock ends, holder}. Fails when the token was released.
--
-- Why atomic: between a check and a write another process could take the lock. A fence drawn apart from the lock could
-- reach the resource in another order than the lock changed hands.
--
-- All locks share one counter, so a name needs no counter of its own. The counter never falls below the server's time in
-- microseconds, and no process takes locks faster than that. So fences still grow when Redis loses the counter. A claim
-- that is repeated because its answer was lost finds its own token and gets the same fence again.
--
-- Only its holder or its TTL ends a lock. A process or a connection that seems to have ended proves nothing: another
-- connection may renew the lock.

if redis.call('EXISTS', KEYS[3]) == 1 then
  return redis.error_reply('ENDED this claim was released before it arrived')
end

local time = redis.call('TIME')
local held = {}
local record = redis.call('HGETALL', KEYS[1])
for i = 1, #record, 2 do held[record[i]] = record[i + 1] end

if held.token == ARGV[1] then
  redis.call('HSET', KEYS[1], 'ttl', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {'granted', tonumber(held.fence)}
end

if held.token then
  -- The server's clock may have stepped back: no lock outlives what it was granted for.
  local ends = redis.call('PTTL', KEYS[1])
  local granted = tonumber(held.ttl or '') or math.max(ends, tonumber(ARGV[2]))
  if ends < 0 or ends > granted then
    redis.call('PEXPIRE', KEYS[1], granted)
    ends = granted
  end
  return {'held', ends, held.holder or ''}
end

local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence))
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'fence', string.format('%.0f', fence), 'holder', ARGV[3],
  'since', time[1] * 1000 + math.floor(time[2] / 1000), 'ttl', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'granted', fence}
