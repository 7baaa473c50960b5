-- Moves the cursors of the jobs whose runs are there, and records each decision. Last command of a launch
-- transaction (DESIGN §5.2).
--
-- KEYS  1 cursors   2 queued   3 launched   4 cursors of closed epochs; then three for each decision: history stream,
--       run (BullMQ's job key), deduplication key
-- ARGV  1 how many entries a history keeps; then for each decision:
--       job, its lane (the job for the epoch in force, else the field of its cursor in KEYS 4), tick (epoch ms), run id ('' for a tick that gets no run), prefix of BullMQ's job keys, deduplication id
--       ('' for none), flags, how many strings follow, and these: names and values of the record's fields
--       Flags: 'w' it waits behind a blocking run that is active   'c' the job's launched ticks are counted
--              's' without a run it is skipped, not missed
-- Returns one entry for each decision:
--   {'launched'}          the run is there
--   {'queued', run id, displaced}   the run will be added when the blocking run ends (overlap: queue); BullMQ keeps
--                         one such place a job, and the run that had it, if any, will not be added any more
--   {'skipped', run id}   another run of the job stood in the way
--   {'skipped', ''}, {'missed'}   no run was wanted
--   {'failed'}            the run should be there and is not; the cursor stays before this tick
--
-- Why a script, and why last: EXEC does not roll back. When an add inside the transaction fails (NOSCRIPT, OOM)
-- a plain HSET beside it would stand, and the tick would be lost. A cursor never passes a run that is not there.

local stopped, cursors, counts, results, here = {}, {}, {}, {}, {}

local function has(flags, flag)
  return string.find(flags, flag, 1, true) ~= nil
end

local function outcome_of(run_key, run, prefix, dedup_key, dedup_id, flags)
  if run == '' then return has(flags, 's') and 'skipped' or 'missed' end
  if redis.call('EXISTS', run_key) == 1 then return 'launched' end
  if dedup_id == '' then return 'failed' end
  local blocking = redis.call('GET', dedup_key)
  if not blocking or redis.call('EXISTS', prefix .. blocking) == 0 then return 'failed' end
  local waiting = redis.call('HGET', prefix .. 'dn:' .. dedup_id, 'jid')
  if waiting == run then return 'queued', blocking end
  -- Had the add been carried out, its run or a later one of this transaction would wait behind the active run.
  if has(flags, 'w') and not here[waiting or ''] and redis.call('LPOS', prefix .. 'active', blocking) then
    return 'failed'
  end
  return 'skipped', blocking
end

-- A record that cannot be written must not keep the cursors of runs that are there from moving: pcall.
local function record(history, fields)
  redis.pcall('XADD', history, 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
end

-- Remembers who waits behind the active run. Whoever waited behind an earlier one, and did not become the one that
-- is waited for now, lost its place.
local function take_place(job, run, blocking, history)
  local waiting = redis.call('HGET', KEYS[2], job)
  redis.call('HSET', KEYS[2], job, run)
  if not waiting or waiting == run or waiting == blocking then return nil end
  record(history, {'outcome', 'skipped', 'reason', 'replaced by a newer tick', 'run', waiting, 'blockedBy', run})
  return waiting
end

local at = 2
for _ = 1, (#KEYS - 4) / 3 do
  here[ARGV[at + 3]] = true
  at = at + 8 + ARGV[at + 7]
end
here[''] = nil

at = 2
for i = 1, (#KEYS - 4) / 3 do
  local history, run_key, dedup_key = KEYS[3 * i + 2], KEYS[3 * i + 3], KEYS[3 * i + 4]
  local job, lane, tick, run, prefix, dedup_id, flags, length = unpack(ARGV, at, at + 7)
  local fields = {unpack(ARGV, at + 8, at + 7 + length)}
  at = at + 8 + length
  local outcome, blocking, displaced = 'failed', nil, nil
  if not stopped[job] then
    outcome, blocking = outcome_of(run_key, run, prefix, dedup_key, dedup_id, flags)
  end
  if outcome == 'failed' then
    stopped[job] = true
  else
    local hash = lane == job and KEYS[1] or KEYS[4]
    cursors[lane] = {hash, tick}
    if outcome == 'queued' then
      displaced = take_place(job, run, blocking, history)
    elseif outcome == 'launched' and dedup_id ~= '' then
      redis.call('HDEL', KEYS[2], job)
    end
    if has(flags, 'c') and not displaced and (outcome == 'launched' or outcome == 'queued') then
      counts[job] = (counts[job] or 0) + 1
    end
    local n = #fields
    fields[n + 1], fields[n + 2] = 'outcome', outcome == 'queued' and 'launched' or outcome
    if blocking then fields[n + 3], fields[n + 4] = 'blockedBy', blocking end
    if outcome == 'skipped' and blocking then fields[n + 5], fields[n + 6] = 'reason', 'overlap' end
    if outcome == 'queued' then fields[n + 5], fields[n + 6] = 'reason', 'waits for the run before it' end
    record(history, fields)
  end
  results[i] = {outcome, blocking or '', displaced or ''}
end

for lane, to in pairs(cursors) do redis.call('HSET', to[1], lane, to[2]) end
for job, count in pairs(counts) do redis.call('HINCRBY', KEYS[3], job, count) end
return results
