-- Records that a run was retried or cancelled, if it was, and answers the request. Last command of the transaction in which
-- BullMQ's script does it. (After request.lua.)
--
-- KEYS  1 the job's history   2 audit   3 request   4 run (BullMQ's job key)   5 BullMQ's set of failed runs
-- ARGV  1 how many entries the history keeps   2 how many the audit keeps   3 for how long the answer is kept (ms)
--       4 now (epoch ms)   5 who   6 job   7 run id   8 'retry' or 'cancel'   9 the action of the request
--       10 why the run was removed, for people   11 code of that reason
-- Returns 1 if it was done, else 0.
--
-- Why a script, and why last: EXEC does not roll back. When BullMQ's script fails (NOSCRIPT, OOM) or refuses, plain commands
-- beside it would record what did not happen.

local kept, audit_kept, answer_kept, now, who, job, run, act, action, reason, code = unpack(ARGV)
local is_there = redis.call('EXISTS', KEYS[4]) == 1
if act == 'retry' and (not is_there or redis.call('ZSCORE', KEYS[5], run)) then return 0 end
if act == 'cancel' and is_there then return 0 end
if act == 'cancel' then
  redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', kept, '*', 'run', run, 'result', 'removed', 'reason', reason,
    'reasonCode', code)
end
redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', audit_kept, '*',
  'action', act, 'at', now, 'by', who, 'job', job, 'run', run)
give_answer(KEYS[3], answer_kept, action, job, 'done', '')
return 1
