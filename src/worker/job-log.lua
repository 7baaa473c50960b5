-- Adds lines to the log that BullMQ keeps beside a run (its `addLog` adds one line a call).
--
-- KEYS  1 the run (BullMQ's job key)   2 its log
-- ARGV  1 how many lines are kept, the newest   then the lines
-- Returns 1 when the lines were added; 0 when BullMQ does not have the run any more.
--
-- Why atomic: the log of a run that was removed would stay for ever.

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RPUSH', KEYS[2], unpack(ARGV, 2))
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[1]), -1)
return 1
