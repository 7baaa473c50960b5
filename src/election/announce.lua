-- Says whether a bidder's generation of the configuration may lead, and writes down that it bids. (After term.lua.)
--
-- KEYS  1 generation   2 the newest claim   3 leader   4 generations
-- ARGV  1 generation   2 channel for wakeups
-- Returns {the generation that goes before or -1, ms, the newest claim or ''}   ms: as 'outdated' of campaign.lua
--
-- Why atomic: a failure of a generation must be counted once, and before a bid of it is judged.

local now = nowMs()
local mine = tonumber(ARGV[1])
local keys = {generation = KEYS[1], leader = KEYS[3], generations = KEYS[4]}
local all = readGenerations(keys)
local last = readRecord(KEYS[3])
if last.ended then judge(keys, all, last, now) end
noteBid(keys, all, mine, tonumber(last.generation or ''), ARGV[2], now)
local other = preferredTo(all, mine, now)
local claim = redis.call('GET', KEYS[2]) or ''
if not other then return {-1, 0, claim} end
return {other, other > mine and 0 or backOffOf(all, mine, now), claim}
