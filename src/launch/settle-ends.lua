-- Finds from the jobs themselves how runs ended whose events were trimmed, and begins to read the events anew.
--
-- KEYS  1 term   2 positions in event streams   3 BullMQ's events of the queue   4 the jobs whose last run failed
-- ARGV  1 fence   2 base of BullMQ's keys of the queue   3 the position that the caller found ('' for none)
--       4 the new position: the newest event of a moment before the runs were read; '' when more runs follow
--       5 how many events had been added by then   6 how many entries a history keeps   7, 8 why an end is not known, as text and
--       code   9, 10 what the names of strips and tallies begin with; then for each run without a recorded end: its job, its history, its id
-- Returns {'fenced'} when another term is in force; {'moved'} when another position is stored; else
--         {'settled', {job, run, result, attempts, ms, error}, ...} of those that have ended; result 'unknown' where BullMQ does
--         not have the run any more
--
-- `settled` keeps the newest event of now: up to there an event may be that of an end which is recorded here.
--
-- Why atomic: a run that ends between the look and the record would be recorded twice, or by two leaders.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local base, position = ARGV[2], ARGV[4]
if (redis.call('HGET', KEYS[2], base) or '') ~= ARGV[3] then return {'moved'} end

local to = {strips = ARGV[9], tallies = ARGV[10], failing = KEYS[4], day = math.floor(redis.call('TIME')[1] / 86400)}
local ends = {}
for i = 11, #ARGV, 3 do
  local job, history, run = unpack(ARGV, i, i + 2)
  local run_key = base .. ':' .. run
  local state = is_end_recorded(history, run) and 'recorded' or state_of(run_key)
  if state == 'finished' then
    local result = redis.pcall('ZSCORE', base .. ':failed', run)
    result = type(result) == 'string' and 'failed' or 'completed'
    table.insert(ends, record_end(to, history, ARGV[6], job, run, run_key, result))
  elseif state == 'gone' then
    redis.pcall('XADD', history, 'MAXLEN', '~', ARGV[6], '*', 'run', run, 'result', 'unknown', 'reason', ARGV[7],
      'reasonCode', ARGV[8])
    note_loss(to.strips .. job, run)
    table.insert(ends, {job, run, 'unknown', '0', '0', ''})
  end
end

if position ~= '' then
  local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  redis.call('HSET', KEYS[2], base, position, base .. ' added', ARGV[5], base .. ' settled', newest and newest[1] or '0-0')
end
return {'settled', unpack(ends)}
