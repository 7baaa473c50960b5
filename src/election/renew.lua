-- Notes that the leader has renewed its lease, and extends a lease in this Redis. (After term.lua.)
--
-- KEYS  1 term   2 leader   3 generation   4 generations   5 the lease, if it is in this Redis
-- ARGV  1 token   2 ttl in ms   3 generation of the configuration that the leader carries
--       4 '1' when the leader has proven itself with it, otherwise '0'   5 replica   6 prefix of the replicas' own channels
-- Returns {outcome, seen, time (µs since the epoch)}   outcome: 'renewed'; 'outdated' when it is extended, but a higher generation is to lead; 'lost'
-- when the lease is not held with this token any more, or no term is in force; 'fenced' when another term is.
-- seen: as in campaign.lua
--
-- Why atomic: between a GET and a PEXPIRE the lease could end and be taken; the new leader's lease would be
-- extended by the old one. The same holds for the record of the newest term.

local lease = KEYS[5]
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
if lease and redis.call('GET', lease) ~= ARGV[1] then return {'lost', 1, micros} end
local fence = redis.call('GET', KEYS[1])
if tokenOf(fence) ~= ARGV[1] then return {fence and 'fenced' or 'lost', 1, micros} end
local now = math.floor(micros / 1000)
local ttl = tonumber(ARGV[2])
-- The record first: when it is refused (no memory), the lease must not be extended either.
redis.call('HSET', KEYS[2], 'until', now + ttl, 'ttl', ttl)
redis.call('HDEL', KEYS[2], 'ended', 'endedAt', 'endCause', 'able')
if lease then redis.call('PEXPIRE', lease, ttl) end
local seen = noteSeen(KEYS[2], ARGV[6], ARGV[5])
local keys = {leader = KEYS[2], generation = KEYS[3], generations = KEYS[4]}
local higher = carry(keys, readGenerations(keys), tonumber(ARGV[3]), ARGV[4] == '1', now)
return {higher and 'outdated' or 'renewed', seen, micros}
