-- Moves the cursors of the jobs whose runs are there, and records each decision. Last command of a launch
-- transaction (DESIGN §5.2).
--
-- KEYS  1 cursors; then three for each decision: history stream, run (BullMQ's job key), deduplication key
-- ARGV  1 how many entries a history keeps; then seven for each decision:
--       job, tick (epoch ms), kind, run id ('' for a missed tick), prefix of BullMQ's job keys,
--       deduplication id ('' for none), fields of the record as a JSON object of strings
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

for i = 0, (#KEYS - 1) / 3 - 1 do
  local history, run_key, dedup_key = KEYS[2 + 3 * i], KEYS[3 + 3 * i], KEYS[4 + 3 * i]
  local job, tick, kind, run, prefix, dedup_id, record = unpack(ARGV, 2 + 7 * i, 8 + 7 * i)
  local outcome, blocking = 'failed', nil
  if not stopped[job] then
    outcome, blocking = outcome_of(run_key, run, prefix, dedup_key, dedup_id)
  end
  if outcome == 'failed' then
    stopped[job] = true
    results[i + 1] = {'failed'}
  else
    cursors[job] = tick
    local fields = {'tick', tick, 'kind', kind, 'outcome', outcome == 'queued' and 'launched' or outcome}
    if run ~= '' then table.insert(fields, 'run') table.insert(fields, run) end
    if blocking then table.insert(fields, 'blockedBy') table.insert(fields, blocking) end
    if outcome == 'skipped' then table.insert(fields, 'reason') table.insert(fields, 'overlap') end
    for name, value in pairs(cjson.decode(record)) do table.insert(fields, name) table.insert(fields, value) end
    redis.call('XADD', history, 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
    results[i + 1] = {outcome, blocking}
  end
end

for job, tick in pairs(cursors) do redis.call('HSET', KEYS[1], job, tick) end
return results
