-- Releases the lease, says how the term ended, and wakes the followers.
--
-- KEYS  1 lease   2 leader   3 term
-- ARGV  1 token   2 how the term ended, as the next leader will report it ('resigned', 'expired')   3 channel
--       4 the cause, as JSON   5 '1' when the leader could launch until now, otherwise '0'
-- Returns 1, or 0 when the lease was not held with this token (any more).
--
-- Why atomic: a lease that ended between a GET and a DEL could belong to the next leader by then. The end of one term
-- must also not be written to the record of another, which a replica that elects in etcd may have opened.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
redis.call('DEL', KEYS[1])
if string.match(redis.call('GET', KEYS[3]) or '', '^%d+:(.*)$') == ARGV[1] then
  redis.call('HSET', KEYS[2], 'ended', ARGV[2], 'endedAt', time[1] * 1000 + math.floor(time[2] / 1000),
    'endCause', ARGV[4], 'able', ARGV[5])
end
redis.call('PUBLISH', ARGV[3], 'released')
return 1
