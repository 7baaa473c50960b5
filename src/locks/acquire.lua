-- Takes a lock if it is free, or if its holder's process has been gone for a while, and draws its fence.
--
-- KEYS  1 the lock   2 the fence counter
-- ARGV  1 token, new for each acquisition   2 ttl in ms   3 holder, for people
--       4 the caller's own channel   5 '1' when it has been subscribed for long enough to judge who is gone
--       6 for how long a holder must be gone, in ms
-- Returns, seen being 1 when this server sees the caller subscribed to its channel
--   {'granted', seen, fence}
--   {'held', seen, ms until the lock ends, holder, presence}   presence is 'there', 'gone' or 'unknown'
--
-- Why atomic: between a look and a write somebody else could take the lock; and a fence that is drawn apart from
-- the lock could reach the resource in another order than the lock changed hands.
--
-- The counter is one for all locks, so that names may come and go, and never falls below the server's time in
-- microseconds, which no number of locks outruns: should Redis lose it, fences go on growing all the same. A claim that
-- is repeated because its answer was lost finds its own token and gets the same fence again.
--
-- A holder is taken for dead only when nobody is subscribed to its channel at two looks that lie ARGV[6] apart,
-- with looks in between and neither a subscription nor a renewal: a live process comes back sooner. A server that
-- does not see the caller is not where subscriptions are (after a failover, for example), and knows nothing of others'.

local LOOKS_APART = 1000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = {}
local record = redis.call('HGETALL', KEYS[1])
for i = 1, #record, 2 do held[record[i]] = record[i + 1] end

local seen = math.min(redis.call('PUBSUB', 'NUMSUB', ARGV[4])[2], 1)
local alive = seen == 1 and ARGV[4] or ''

if held.token == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  redis.call('HSET', KEYS[1], 'alive', alive)
  return {'granted', seen, tonumber(held.fence)}
end

if held.token then
  local presence = 'unknown'
  local isDead = false
  if held.alive ~= '' and seen == 1 then
    presence = redis.call('PUBSUB', 'NUMSUB', held.alive)[2] == 0 and 'gone' or 'there'
    if presence == 'there' then
      if held.goneAt then redis.call('HDEL', KEYS[1], 'goneAt', 'goneSeenAt') end
    elseif ARGV[5] == '1' then
      local isNew = not held.goneAt or now - tonumber(held.goneSeenAt) > LOOKS_APART
      local goneAt = isNew and now or tonumber(held.goneAt)
      redis.call('HSET', KEYS[1], 'goneAt', goneAt, 'goneSeenAt', now)
      isDead = now - goneAt >= tonumber(ARGV[6])
    end
  end
  if not isDead then
    return {'held', seen, redis.call('PTTL', KEYS[1]), held.holder, presence}
  end
end

local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence))
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'fence', string.format('%.0f', fence), 'holder', ARGV[3],
  'alive', alive, 'since', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'granted', seen, fence}
