-- Releases a lock and wakes those who wait for it.
--
-- KEYS  1 the lock   2 set when the token is released in doubt
-- ARGV  1 token   2 channel of those who wait   3 for how long an acquire of this token may still arrive, in ms; '0'
--       when each of them was answered
-- Returns 1, or 0 when the lock was not held with this token (any more).
--
-- Why atomic: a lock that ended between a check and a DEL could belong to the next holder by then. An acquire may also
-- arrive late, from an abandoned connection. It must find the lock held or the token ended; otherwise it would take the
-- lock for a process that no longer waits for it.

if ARGV[3] ~= '0' then
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
end
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], 'free')
return 1
