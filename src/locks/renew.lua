-- Extends a lock for its holder.
--
-- KEYS  1 the lock
-- ARGV  1 token   2 ttl in ms
-- Returns 1, or 0 when the lock is not held with this token any more.
--
-- Why atomic: between a check of the token and a PEXPIRE the lock could end and be taken; the next holder's lock
-- would be extended by the last one.

if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return 0
end
-- The record first: when it is refused (no memory), the lock must not be extended either.
redis.call('HSET', KEYS[1], 'ttl', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
