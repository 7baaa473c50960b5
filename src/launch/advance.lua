-- Moves the cursors of the jobs whose runs are there, and records each decision. Last command of a launch
-- transaction. Follows unfinished.lua and strips.lua.
--
-- KEYS  1 cursors   2 launched   3 cursors of closed epochs   4 leader   5, 6 tallies of today: skipped and missed; then four for each
--       decision: history stream, run (BullMQ's job key), the key that names the job's run (unfinished.lua), strip
-- ARGV  1 how many entries a history keeps; then for each decision:
--       job, its lane (the job for the epoch in force, else the field of its cursor in KEYS 3), tick (epoch ms), run id ('' for a tick that gets no run), flags, an earlier run that was removed in BullMQ
--       ('' for none), its cell for the strip, how many ticks it covers, how many strings follow, and these: names and values
--       of the record's fields
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

local function outcome_of(run_key, run, flags)
  if run == '' then return has(flags, 's') and 'skipped' or 'missed' end
  return redis.call('EXISTS', run_key) == 1 and 'launched' or 'failed'
end

local at = 2
for i = 1, (#KEYS - 6) / 4 do
  local history, run_key, unfinished, strip = unpack(KEYS, 4 * i + 3, 4 * i + 6)
  local job, lane, tick, run, flags, removed, cell, count, length = unpack(ARGV, at, at + 8)
  local fields = {unpack(ARGV, at + 9, at + 8 + length)}
  at = at + 9 + length
  local outcome = stopped[job] and 'failed' or outcome_of(run_key, run, flags)
  if outcome == 'failed' then
    stopped[job] = true
  else
    cursors[lane] = {lane == job and KEYS[1] or KEYS[3], tick}
    if removed ~= '' then
      record_removal(history, removed)
      note_loss(strip, removed)
    end
    if outcome == 'launched' then
      if has(flags, 'u') then redis.call('SET', unfinished, run_key) end
      if has(flags, 'c') then counts[job] = (counts[job] or 0) + 1 end
    end
    table.insert(fields, 'outcome')
    table.insert(fields, outcome)
    -- A record that cannot be written must not keep the cursors of runs that are there from moving: pcall.
    redis.pcall('XADD', history, 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
    add_cell(strip, cell)
    if outcome ~= 'launched' then count_up(outcome == 'skipped' and KEYS[5] or KEYS[6], job, count) end
  end
  results[i] = outcome
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
