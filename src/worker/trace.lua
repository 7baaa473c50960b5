-- Finds whether the end of a run's attempt is written, and renews the run's lock, or takes it again, where it is not.
--
-- KEYS  1 the run (BullMQ's job key)   2 its lock
-- ARGV  1 token of the lock   2 for how long the lock is kept (ms)   3, 4, 5 how many attempts were counted, how often the
--       run had been found without a lock, and how often it had been taken, when this attempt began
-- Returns {'written', when the run ended (epoch ms) or ''}; {'held', ''}; {'lost', ''} to another worker;
-- {'removed', ''} when BullMQ does not have the run any more
--
-- BullMQ counts an attempt when it writes its end, and another one cannot begin before that, unless the run was found
-- without a lock. A lock that has expired on a run that no worker has found yet is taken again: the stalled check of
-- another worker then leaves the run alone.
--
-- Why atomic: the stalled check may come between the look and the lock.

local run = redis.call('HMGET', KEYS[1], 'timestamp', 'atm', 'stc', 'ats', 'finishedOn')
if not run[1] then return {'removed', ''} end
if (run[3] or '0') ~= ARGV[4] then return {'lost', ''} end
if tonumber(run[2] or '0') > tonumber(ARGV[3]) then return {'written', run[5] or ''} end
if (run[4] or '0') ~= ARGV[5] then return {'lost', ''} end
local owner = redis.call('GET', KEYS[2])
if owner and owner ~= ARGV[1] then return {'lost', ''} end
-- Redis may refuse this write as it refuses the end.
redis.pcall('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'held', ''}
