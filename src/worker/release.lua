-- Takes the claim of a run back, when its handler has ended.
--
-- KEYS  1 the key that names the run at work
-- ARGV  1 the claim: the run (BullMQ's job key), a space, the token of the attempt
-- Returns 1 if the claim was this attempt's, else 0.
--
-- Why atomic: the claim may have run out, and be another run's by now, or that of the run's next attempt.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
