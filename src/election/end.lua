-- Notes how the term ends, and releases a lease in this Redis, which wakes the followers. (After term.lua.)
--
-- KEYS  1 term   2 leader   3 the lease, if it is in this Redis
-- ARGV  1 token   2 how the term ended, as the next leader will report it ('resigned', 'expired')   3 the cause, as JSON
--       4 '1' when the leader could launch until now, otherwise '0'   5 channel for wakeups
-- Returns 'ended', or 'replaced' when another term than this token's is in force.
--
-- Why atomic: a lease that ended between a GET and a DEL could belong to the next leader by then. The end of one term
-- must also not be written to the record of another, which a replica that elects in another store may have opened.

local lease = KEYS[3]
local outcome = 'replaced'
if tokenOf(redis.call('GET', KEYS[1])) == ARGV[1] then
  redis.call('HSET', KEYS[2], 'ended', ARGV[2], 'endedAt', nowMs(), 'endCause', ARGV[3], 'able', ARGV[4])
  outcome = 'ended'
end
if lease and redis.call('GET', lease) == ARGV[1] then
  redis.call('DEL', lease)
  redis.call('PUBLISH', ARGV[5], 'released')
end
return outcome
