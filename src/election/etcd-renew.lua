-- Notes that the leader has renewed its lease in etcd, while its term stands. (After term.lua.)
--
-- KEYS  1 term   2 leader   3 generation
-- ARGV  1 token   2 ttl in ms   3 generation of the configuration that the leader carries   4 channel for hints
--       5 replica   6 prefix of the replicas' own channels
-- Returns {outcome, seen}   outcome: 1; 2 when a higher generation has been announced; 0 when there is a newer term.
-- seen: as in campaign.lua
--
-- Why atomic: the record of the next leader must not be extended by the one before.

if string.match(redis.call('GET', KEYS[1]) or '', '^%d+:(.*)$') ~= ARGV[1] then return {0, 1} end
redis.call('HSET', KEYS[2], 'until', nowMs() + tonumber(ARGV[2]))
redis.call('HDEL', KEYS[2], 'ended', 'endedAt')
local seen = noteSeen(KEYS[2], ARGV[6], ARGV[5])
return {newestGeneration(KEYS[3], tonumber(ARGV[3]), ARGV[4]) > tonumber(ARGV[3]) and 2 or 1, seen}
