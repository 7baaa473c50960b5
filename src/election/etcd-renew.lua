-- Notes that the leader has renewed its lease in etcd, while its term is in force. (After term.lua.)
--
-- KEYS  1 term   2 leader   3 generation   4 generations
-- ARGV  1 token   2 ttl in ms   3 generation of the configuration that the leader carries
--       4 '1' when the leader has proven itself with it, otherwise '0'   5 replica   6 prefix of the replicas' own channels
-- Returns {outcome, seen}   outcome: 1; 2 when a higher generation is to lead; 3 when another term is in force;
-- 0 when none is.
-- seen: as in campaign.lua
--
-- Why atomic: the record of the next leader must not be extended by the one before.

local fence = redis.call('GET', KEYS[1])
if string.match(fence or '', '^%d+:(.*)$') ~= ARGV[1] then return {fence and 3 or 0, 1} end
local now = nowMs()
redis.call('HSET', KEYS[2], 'until', now + tonumber(ARGV[2]))
redis.call('HDEL', KEYS[2], 'ended', 'endedAt', 'endCause', 'able')
local seen = noteSeen(KEYS[2], ARGV[6], ARGV[5])
local keys = {leader = KEYS[2], generation = KEYS[3], generations = KEYS[4]}
local higher = carry(keys, readGenerations(keys), tonumber(ARGV[3]), ARGV[4] == '1', now)
return {higher and 2 or 1, seen}
