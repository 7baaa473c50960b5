-- Records how runs ended whose workers did not: the process died between the end and its record. After unfinished.lua, strips.lua and
-- end-records.lua.
--
-- KEYS  1 the jobs whose last run failed   then the history of each run's job
-- ARGV  1 how many entries a history keeps   2, 3 why an end is not known, as text and code   4, 5 what the names of strips and tallies
--       begin with   6 for how long a worker may still record an end (ms); then for each run: its job, base of BullMQ's keys of its queue, its id,
--       the id of the entry of its launch
-- Returns for each run 'early': ask again later, its worker may record it; 'known': nothing was missing; or what was recorded:
--       'completed', 'failed', or 'unknown' where BullMQ does not have the run any more
--
-- Why atomic: of several replicas one records an end.

local PAGE = 20
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local to = {strips = ARGV[4], tallies = ARGV[5], failing = KEYS[1], day = math.floor(time[1] / 86400)}

-- It mostly follows soon after the launch.
local function is_on_record(history, launch, run)
  local from = '(' .. launch
  while true do
    local entries = redis.call('XRANGE', history, from, '+', 'COUNT', PAGE)
    for _, entry in ipairs(entries) do
      local fields = {}
      for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
      if fields.run == run and fields.result then return true end
      from = '(' .. entry[1]
    end
    if #entries < PAGE then return false end
  end
end

local function recover(history, job, base, run, launch)
  local run_key = base .. ':' .. run
  if is_on_record(history, launch, run) then return 'known' end
  local state, _, ended = state_of(run_key)
  if state == 'finished' then
    if (tonumber(ended) or 0) > now - ARGV[6] then return 'early' end
    local failed = redis.pcall('ZSCORE', base .. ':failed', run)
    local result = type(failed) == 'string' and 'failed' or 'completed'
    record_end(to, history, ARGV[1], job, run, run_key, result)
    return result
  end
  if state ~= 'gone' then return 'early' end
  redis.call('XADD', history, 'MAXLEN', '~', ARGV[1], '*', 'run', run, 'result', 'unknown', 'reason', ARGV[2], 'reasonCode', ARGV[3])
  note_loss(to.strips .. job, run)
  return 'unknown'
end

local results = {}
for i = 2, #KEYS do results[i - 1] = recover(KEYS[i], unpack(ARGV, 4 * i - 1, 4 * i + 2)) end
return results
