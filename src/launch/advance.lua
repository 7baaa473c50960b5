-- Moves the cursors of the jobs whose runs are there, and records each decision. Last command of a launch
-- transaction (DESIGN §5.2).
--
-- KEYS  1 cursors; then three for each decision: history stream, run (BullMQ's job key), deduplication key
-- ARGV  1 how many entries a history keeps; then for each decision:
--       job, tick (epoch ms), run id ('' for a missed tick), prefix of BullMQ's job keys, deduplication id
--       ('' for none), how many strings follow, and these: names and values of the record's fields
-- Returns one entry for each decision:
--   {'launched'}          the run is there
--   {'queued', run id}    the run will be added when the blocking run ends (overlap: queue)
--   {'skipped', run id}   another run of the job stood in the way
--   {'missed'}            no run was wanted
--   {'failed'}            the run should be there and is not; the cursor stays before this tick
--
-- Why a script, and why last: EXEC does not roll back. When an add inside the transaction fails (NOSCRIPT, OOM)
-- a plain HSET beside it would stand, and the tick would be lost. A cursor never passes a run that is not there.

local stopped, cursors, results = {}, {}, {}

local function outcome_of(run_key, run, prefix, dedup_key, dedup_id)
  if run == '' then return 'missed' end
  if redis.call('EXISTS', run_key) == 1 then return 'launched' end
  if dedup_id == '' then return 'failed' end
  local blocking = redis.call('GET', dedup_key)
  if not blocking or redis.call('EXISTS', prefix .. blocking) == 0 then return 'failed' end
  if redis.call('HGET', prefix .. 'dn:' .. dedup_id, 'jid') == run then return 'queued', blocking end
  return 'skipped', blocking
end

local at = 2
for i = 1, (#KEYS - 1) / 3 do
  local history, run_key, dedup_key = KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1]
  local job, tick, run, prefix, dedup_id, length = unpack(ARGV, at, at + 5)
  local record = {unpack(ARGV, at + 6, at + 5 + length)}
  at = at + 6 + length
  local outcome, blocking = 'failed', nil
  if not stopped[job] then
    outcome, blocking = outcome_of(run_key, run, prefix, dedup_key, dedup_id)
  end
  if outcome == 'failed' then
    stopped[job] = true
  else
    cursors[job] = tick
    local n = #record
    record[n + 1], record[n + 2] = 'outcome', outcome == 'queued' and 'launched' or outcome
    if blocking then record[n + 3], record[n + 4] = 'blockedBy', blocking end
    if outcome == 'skipped' then record[n + 5], record[n + 6] = 'reason', 'overlap' end
    redis.call('XADD', history, 'MAXLEN', '~', ARGV[1], '*', unpack(record))
  end
  results[i] = {outcome, blocking}
end

for job, tick in pairs(cursors) do redis.call('HSET', KEYS[1], job, tick) end
return results
