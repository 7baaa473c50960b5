-- Records a run that an operator asked for, if it is there, and answers the request. Last command of the transaction that
-- adds the run.
--
-- Follows unfinished.lua, strips.lua and request.lua.
--
-- KEYS  1 the job's history   2 audit   3 request   4 run (BullMQ's job key)   5 the key that names the job's run   6 strip
-- ARGV  1 how many entries the history keeps   2 how many the audit keeps   3 for how long the answer is kept (ms)
--       4 now (epoch ms)   5 who   6 job   7 run id   8 '1' if runs of the job must not overlap
--       9 an earlier run that was removed in BullMQ ('' for none)   10 cell for the strip   then names and values of the record's fields
-- Returns 1 if the run is there, else 0.
--
-- Why a script, and why last: EXEC does not roll back. When the add inside the transaction fails (NOSCRIPT, OOM), plain
-- commands beside it would record a run that is not there.

local kept, audit_kept, answer_kept, now, who, job, run, keeps_run, removed, cell = unpack(ARGV, 1, 10)
if redis.call('EXISTS', KEYS[4]) == 0 then return 0 end
if removed ~= '' then
  record_removal(KEYS[1], removed)
  note_loss(KEYS[6], removed)
end
if keeps_run == '1' then redis.call('SET', KEYS[5], KEYS[4]) end
redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', kept, '*', unpack(ARGV, 11))
add_cell(KEYS[6], cell)
redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', audit_kept, '*',
  'action', 'trigger', 'at', now, 'by', who, 'job', job, 'run', run)
give_answer(KEYS[3], answer_kept, 'trigger', job, 'launched', run)
return 1
