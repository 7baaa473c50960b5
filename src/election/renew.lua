-- Extends the lease of the replica that holds it.
--
-- KEYS  1 lease   2 leader
-- ARGV  1 token   2 ttl in ms
-- Returns 1, or 0 when the lease is not held with this token any more.
--
-- Why atomic: between a GET and a PEXPIRE the lease could end and be taken; the new leader's lease would be
-- extended by the old one.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local ttl = tonumber(ARGV[2])
-- The record first: when it is refused (no memory), the lease must not be extended either.
redis.call('HSET', KEYS[2], 'until', time[1] * 1000 + math.floor(time[2] / 1000) + ttl, 'ttl', ttl)
redis.call('PEXPIRE', KEYS[1], ttl)
return 1
