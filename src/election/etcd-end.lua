-- Notes how the term ends, just before its lease in etcd is revoked. (After term.lua.)
--
-- KEYS  1 term   2 leader
-- ARGV  1 token   2 how it ended, as the next leader will report it ('resigned', 'expired')   3 the cause, as JSON
--       4 '1' when the leader could launch until now, otherwise '0'
-- Returns 1, or 0 when another term is in force.
--
-- Why atomic: the end of one term must not be written to the record of the next.

if string.match(redis.call('GET', KEYS[1]) or '', '^%d+:(.*)$') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'ended', ARGV[2], 'endedAt', nowMs(), 'endCause', ARGV[3], 'able', ARGV[4])
return 1
