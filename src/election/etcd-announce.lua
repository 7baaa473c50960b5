-- Announces the generation of a bidder's configuration. (After term.lua.)
--
-- KEYS  1 generation   2 the newest claim
-- ARGV  1 generation   2 channel for hints
-- Returns {the highest generation that has been announced, the newest claim or ''}
--
-- Why atomic: of two announcements the higher one must stay.

return {newestGeneration(KEYS[1], tonumber(ARGV[1]), ARGV[2]), redis.call('GET', KEYS[2]) or ''}
