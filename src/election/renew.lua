-- Extends the lease of the replica that holds it. (After term.lua.)
--
-- KEYS  1 lease   2 leader   3 generation   4 generations   5 term
-- ARGV  1 token   2 ttl in ms   3 generation of the configuration that the leader carries
--       4 '1' when the leader has proven itself with it, otherwise '0'   5 replica   6 prefix of the replicas' own channels
-- Returns {outcome, seen}   outcome: 1; 2 when it is extended, but a higher generation is to lead; 0 when the lease is
-- not held with this token any more; 3 when a replica that elects in etcd has opened a newer term. seen: as in campaign.lua
--
-- Why atomic: between a GET and a PEXPIRE the lease could end and be taken; the new leader's lease would be
-- extended by the old one. The same holds for the record of the newest term.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0, 1} end
local fence = redis.call('GET', KEYS[5])
if string.match(fence or '', '^%d+:(.*)$') ~= ARGV[1] then return {fence and 3 or 0, 1} end
local now = nowMs()
local ttl = tonumber(ARGV[2])
-- The record first: when it is refused (no memory), the lease must not be extended either.
redis.call('HSET', KEYS[2], 'until', now + ttl, 'ttl', ttl)
redis.call('PEXPIRE', KEYS[1], ttl)
local seen = noteSeen(KEYS[2], ARGV[6], ARGV[5])
local keys = {leader = KEYS[2], generation = KEYS[3], generations = KEYS[4]}
local higher = carry(keys, readGenerations(keys), tonumber(ARGV[3]), ARGV[4] == '1', now)
return {higher and 2 or 1, seen}
