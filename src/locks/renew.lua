-- Extends a lock for the one who holds it.
--
-- KEYS  1 the lock
-- ARGV  1 token   2 ttl in ms   3 the holder's own channel
-- Returns {1, seen}, or {0, seen} when the lock is not held with this token any more; seen is 1 when this server sees
-- the holder subscribed to its channel.
--
-- Why atomic: between a look at the token and a PEXPIRE the lock could end and be taken; the next holder's lock
-- would be extended by the last one. A renewal is also a sign of life, so whatever was noted about the holder
-- being gone must go with it, or it could be taken over by an old note.

local seen = math.min(redis.call('PUBSUB', 'NUMSUB', ARGV[3])[2], 1)
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return {0, seen}
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[1], 'goneAt', 'goneSeenAt')
redis.call('HSET', KEYS[1], 'alive', seen == 1 and ARGV[3] or '')
return {1, seen}
