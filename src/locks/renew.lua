-- Extends a lock for the one who holds it.
--
-- KEYS  1 the lock
-- ARGV  1 token   2 ttl in ms   3 the holder's own channel, '' while it is not subscribed to it
-- Returns 1, or 0 when the lock is not held with this token any more.
--
-- Why atomic: between a look at the token and a PEXPIRE the lock could end and be taken; the next holder's lock
-- would be extended by the last one. A renewal is also a sign of life, so whatever was noted about the holder
-- being gone must go with it, or it could be taken over by an old note.

if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[1], 'goneAt', 'goneSeenAt')
redis.call('HSET', KEYS[1], 'alive', ARGV[3])
return 1
