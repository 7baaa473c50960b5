-- Opens the next term for the replica that holds a lease elsewhere. (After term.lua.)
--
-- KEYS  1 to 6 as bidOf of term.lua   7 the newest claim
-- ARGV  1 to 10 as bidOf of term.lua   11 id of the lease's store   12 count of the lease, within that store
--       13 the newest claim before the lease or place was acquired   14 kind of the store
-- Returns {'elected', ...} as campaign.lua, or {'stale'} when a later lease has had a term since: this replica's turn has
-- passed.
--
-- A claim is '<id of the store>:<count>'. Counts of one store only grow. So an older one than the newest comes from a
-- replica that was paused between its read of the store and this script. There are two exceptions. Another store counts
-- on its own. And when the newest claim is the same as before the lease was acquired, the store itself was rebuilt or
-- restored under the same id; refusing would then block every replica.
--
-- Why atomic: between the check of the newest claim and the opening of the term there must be no other opening.

local now = nowMs()
local keys, bid = bidOf(KEYS, ARGV)
bid.seen = sees(bid.channels, bid.replica)
local claim = ARGV[11] .. ':' .. ARGV[12]
local last = readRecord(keys.leader)

if last.claim == claim and isInForce(keys, last, bid) then
  return sameTerm(keys, last, bid, now)
end

local newest = redis.call('GET', KEYS[7]) or ''
local store, count = string.match(newest, '^(.+):(%d+)$')
if store == ARGV[11] and tonumber(ARGV[12]) < tonumber(count) and newest ~= ARGV[13] then
  return {'stale'}
end

redis.call('SET', KEYS[7], claim)
local all = readGenerations(keys)
judge(keys, all, last, now)
local answer = openTerm(keys, all, last, bid, ARGV[14], now)
redis.call('HSET', keys.leader, 'claim', claim)
return answer
