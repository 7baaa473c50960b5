-- Moves the cursors of the jobs whose runs are there, and records each decision. Last command of a launch
-- transaction. Follows unfinished.lua and strips.lua.
--
-- KEYS  1 cursors   2 launched   3 cursors of closed epochs   4 leader   5, 6 tallies of today: skipped and missed
--       7, 8, 9 what the names of a job's keys begin with: history, strip, the one that names its run (unfinished.lua)
-- ARGV  1 how many entries a history keeps   2 the time (epoch ms); then each decision as a JSON array:
--       job, its lane (the job for the epoch in force, else the field of its cursor in KEYS 3), tick, when it was let go (epoch ms), run (BullMQ's job key;
--       '' for a tick that gets no run), flags, an earlier run that was removed in BullMQ ('' for none), its cell for the
--       strip (of a launch without how late it is), how many ticks it covers, and the record: names and values
--       Flags: 'u' the run's key is kept, since runs of the job must not overlap   'c' the job's launched ticks are counted
--              's' without a run it is skipped, not missed
-- Returns one entry for each decision:
--   'launched'            the run is there
--   'skipped', 'missed'   no run was wanted
--   'failed'              the run should be there and is not; the cursor stays before this tick
--
-- Why a script, and why last: EXEC does not roll back. When an add inside the transaction fails (NOSCRIPT, OOM)
-- a plain HSET beside it would stand, and the tick would be lost. A cursor never passes a run that is not there.

local stopped, cursors, counts, results = {}, {}, {}, {}

local function has(flags, flag)
  return string.find(flags, flag, 1, true) ~= nil
end

local function outcome_of(run_key, flags)
  if run_key == '' then return has(flags, 's') and 'skipped' or 'missed' end
  return redis.call('EXISTS', run_key) == 1 and 'launched' or 'failed'
end

for i = 3, #ARGV do
  local job, lane, tick, let_go, run_key, flags, removed, cell, count, fields = unpack(cjson.decode(ARGV[i]))
  local history, strip = KEYS[7] .. job, KEYS[8] .. job
  local outcome = stopped[job] and 'failed' or outcome_of(run_key, flags)
  if outcome == 'failed' then
    stopped[job] = true
  else
    cursors[lane] = {lane == job and KEYS[1] or KEYS[3], tick}
    if removed ~= '' then
      record_removal(history, removed)
      note_loss(strip, removed)
    end
    local late = math.max(0, math.floor(ARGV[2] - let_go))
    if outcome == 'launched' then
      if has(flags, 'u') then redis.call('SET', KEYS[9] .. job, run_key) end
      if has(flags, 'c') then counts[job] = (counts[job] or 0) + 1 end
      cell = cell .. time_of(late)
    end
    for _, value in ipairs({'lateMs', late, 'outcome', outcome}) do table.insert(fields, value) end
    -- A record that cannot be written must not keep the cursors of runs that are there from moving: pcall.
    redis.pcall('XADD', history, 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
    add_cell(strip, cell)
    if outcome ~= 'launched' then count_up(outcome == 'skipped' and KEYS[5] or KEYS[6], job, count) end
  end
  table.insert(results, outcome)
end

for lane, to in pairs(cursors) do redis.call('HSET', to[1], lane, to[2]) end
-- A count that another program wrote must not block the counts of other jobs; the next leader that opens the term finds
-- it.
for job, count in pairs(counts) do redis.pcall('HINCRBY', KEYS[2], job, count) end
-- The leader's sign of life: the next one counts from here how long there was none. The transaction watches the term.
if next(cursors) then
  local time = redis.call('TIME')
  redis.pcall('HSET', KEYS[4], 'alive', time[1] * 1000 + math.floor(time[2] / 1000))
end
return results
