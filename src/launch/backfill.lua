-- Records the runs of a backfill that are there, and answers its request. Last command of the transaction that adds them.
-- Follows request.lua and strips.lua.
--
-- KEYS  1 the job's history   2 audit   3 request   4 strip   then for each tick its run (BullMQ's job key)
-- ARGV  1 how many entries the history keeps   2 how many the audit keeps   3 for how long the answer is kept (ms)
--       4 now (epoch ms)   5 who   6 job   7 value of the answer   then for each tick its cell for the strip, how many strings
--       follow, and these: names and values of the record's fields
-- Returns how many runs are there.
--
-- Why a script, and why last: EXEC does not roll back. When an add inside the transaction fails (NOSCRIPT, OOM), plain
-- commands beside it would record a run that is not there, and answer that it was started.

local kept, audit_kept, answer_kept, now, who, job, value = unpack(ARGV, 1, 7)
local added, at = 0, 8
for i = 5, #KEYS do
  local cell, length = ARGV[at], tonumber(ARGV[at + 1])
  if redis.call('EXISTS', KEYS[i]) == 1 then
    added = added + 1
    redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', kept, '*', unpack(ARGV, at + 2, at + 1 + length))
    add_cell(KEYS[4], cell)
  end
  at = at + 2 + length
end
if added > 0 then
  redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', audit_kept, '*',
    'action', 'backfill', 'at', now, 'by', who, 'job', job, 'ticks', added)
end
if added == #KEYS - 4 then
  give_answer(KEYS[3], answer_kept, 'backfill', job, 'started', value)
else
  give_answer(KEYS[3], answer_kept, 'backfill', job, 'refused', tostring(added))
end
return added
