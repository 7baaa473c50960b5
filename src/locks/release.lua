-- Gives a lock back and wakes those who wait for it.
--
-- KEYS  1 the lock
-- ARGV  1 token   2 channel of those who wait
-- Returns 1, or 0 when the lock was not held with this token (any more).
--
-- Why atomic: a lock that ended between a look and a DEL could belong to the next holder by then.

if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], 'free')
return 1
