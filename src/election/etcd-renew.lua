-- Notes that the leader has renewed its lease in etcd, while its term stands. (After term.lua.)
--
-- KEYS  1 term   2 leader
-- ARGV  1 token   2 ttl in ms
-- Returns 1, or 0 when another term stands.
--
-- Why atomic: the record of the next leader must not be extended by the one before.

if string.match(redis.call('GET', KEYS[1]) or '', '^%d+:(.*)$') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'until', nowMs() + tonumber(ARGV[2]))
redis.call('HDEL', KEYS[2], 'ended', 'endedAt')
return 1
