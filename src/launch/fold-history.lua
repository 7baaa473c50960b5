-- Measures the histories of jobs, and folds the older ends of those that are too long into counts per hour.
--
-- KEYS  1 term   2 what the histories take together   then four for each job: its history, what was kept of the older end, its
--       hours, the key that names its newest run (unfinished.lua)
-- ARGV  1 fence   2 what to do: 'sample', 'measure', 'fold' or 'drop'   3 bytes that a job may take   4 entries that a history keeps
--       5 now (epoch ms)   6 how many entries at the newer end stay   7 how many hours a job has at most
--       8 how many cuts at most   9 for how long kept rows and hours stay without a change (ms)
--       then names and values that are written to KEYS 2 first
-- Returns {'fenced'} when another term is in force, else {'done', how many of the jobs are finished, rows folded, rows dropped, then
--         bytes and entries of each of these}
--
-- 'sample' reads and nothing else. The others trim to ARGV 4, and add what they find to KEYS 2. A successor goes on from there.
-- 'fold' cuts the older ends of jobs that take more than ARGV 3. Completed runs of the cut become counts of their hours. All else goes
-- to the kept rows, which readers put behind the history (history-entries.ts). A launch of the last day that has no end yet ends the cut.
-- 'drop' cuts the kept rows, then in the same way the history. Everything of the cut becomes counts.
--
-- A stream frees memory by whole nodes only. So a short rest is written anew. It takes some 5 kB however short it is, because Redis
-- allocates its last node in advance.
--
-- Why atomic: a row that is cut and not counted would be lost, and one that is counted and not cut would be there twice.

local CUT, AHEAD, BEHIND, REST = 100, 100, 50, 60
local HOUR_MS, DAY_MS = 3600000, 86400000
local COMPLETED, OTHER, FAILED, SKIPPED, MISSED, LOST, OPEN, TOOK, LONGEST, LATEST = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local mode, level, per_job, now = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local floor, hours_kept, cuts, stay_ms = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
if mode ~= 'sample' then
  -- A script that has written may go on writing where Redis is at its memory limit: that is when it is needed most.
  redis.call('HDEL', KEYS[2], '-')
  if #ARGV > 9 then redis.call('HSET', KEYS[2], unpack(ARGV, 10)) end
end

-- Where Redis refuses to measure: by the number of entries, as they mostly are.
local function bytes_of(key, counted_by, each)
  local bytes = redis.pcall('MEMORY', 'USAGE', key, 'SAMPLES', 20)
  if type(bytes) ~= 'table' then return bytes or 0 end
  local count = redis.pcall(counted_by, key)
  return type(count) == 'number' and count * each or 0
end

-- 0 where another program has put something else there.
local function length_of(stream)
  local length = redis.pcall('XLEN', stream)
  return type(length) == 'number' and length or 0
end

local function fields_of(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- What a decision comes to, and how many ticks that is.
local function sort_of(record, ended)
  if record.outcome == 'skipped' then return SKIPPED, tonumber(record.count or '1') or 1 end
  if record.outcome == 'missed' then return MISSED, tonumber(record.count or '1') or 1 end
  if not ended then return OPEN, 1 end
  if ended.result == 'failed' then return FAILED, 1 end
  if ended.result ~= 'completed' then return LOST, 1 end
  local is_tick = record.kind == 'scheduled' or record.kind == 'catch-up'
  return is_tick and COMPLETED or OTHER, 1
end

local function count(hours, record, ended)
  local sort, ticks = sort_of(record, ended)
  local hour = math.floor((tonumber(record.tick) or now) / HOUR_MS)
  local counts = hours[hour] or {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
  hours[hour] = counts
  counts[sort] = counts[sort] + ticks
  counts[LATEST] = math.max(counts[LATEST], tonumber(record.lateMs or '0') or 0)
  local took = ended and tonumber(ended.durationMs or '0') or 0
  if sort <= OTHER then counts[TOOK] = counts[TOOK] + took end
  counts[LONGEST] = math.max(counts[LONGEST], took)
  return ticks
end

local function numbers_in(text)
  local numbers = {}
  for number in string.gmatch(text or '', '%d+') do table.insert(numbers, tonumber(number)) end
  return numbers
end

local function add(counts, others)
  for i = 1, LATEST do
    local other = others[i] or 0
    counts[i] = i > TOOK and math.max(counts[i], other) or counts[i] + other
  end
end

local function text_of(counts)
  local parts = {}
  for i, number in ipairs(counts) do parts[i] = string.format('%.0f', number) end
  return table.concat(parts, ' ')
end

-- `before` has the sums of the hours that are too many, behind the newest of them.
local function write_hours(key, hours)
  for hour, counts in pairs(hours) do
    local field = string.format('%.0f', hour)
    local stored = redis.pcall('HGET', key, field)
    if type(stored) == 'string' then add(counts, numbers_in(stored)) end
    redis.pcall('HSET', key, field, text_of(counts))
  end
  local fields = redis.pcall('HKEYS', key)
  if fields.err or #fields <= hours_kept + 1 then return end
  local numbers = {}
  for _, field in ipairs(fields) do table.insert(numbers, tonumber(field)) end
  table.sort(numbers)
  local before = numbers_in(redis.call('HGET', key, 'before'))
  local newest = table.remove(before, 1) or 0
  local sums = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
  add(sums, before)
  for i = 1, #numbers - hours_kept do
    local field = string.format('%.0f', numbers[i])
    add(sums, numbers_in(redis.call('HGET', key, field)))
    redis.call('HDEL', key, field)
    newest = math.max(newest, numbers[i])
  end
  redis.call('HSET', key, 'before', string.format('%.0f', newest) .. ' ' .. text_of(sums))
end

-- The newest of the kept rows, by their runs: launches whose ends came much later.
local function kept_launches(kept)
  local found = {}
  for _, entry in ipairs(redis.pcall('XREVRANGE', kept, '+', '-', 'COUNT', BEHIND)) do
    local record = fields_of(entry[2])
    if record.run and record.outcome == 'launched' then found[record.run] = {entry[1], record} end
  end
  return found
end

-- A run whose end leaves the history, and that BullMQ does not have any more, blocks no other run. Without its end on record it
-- would be taken for one that was removed (unfinished.lua).
local function forget_run(unfinished, leaving)
  local run_key = redis.pcall('GET', unfinished)
  local run = type(run_key) == 'string' and string.match(run_key, '([^:]+)$')
  if run and leaving[run] and redis.pcall('EXISTS', run_key) == 0 then redis.call('DEL', unfinished) end
end

-- Cuts `wanted` entries off the older end of a stream. Without `kept` all of them are counted. Returns rows folded and dropped, and
-- how many entries were cut.
local function cut(source, length, kept, hours_key, unfinished, wanted, spares_open)
  local entries = redis.call('XRANGE', source, '-', '+', 'COUNT', wanted + AHEAD)
  local records, launches, ends, last_end = {}, {}, {}, {}
  for i, entry in ipairs(entries) do
    local record = fields_of(entry[2])
    records[i] = record
    local run = not record.action and record.run
    if run and record.tick and record.outcome == 'launched' then launches[run] = i end
    if run and not record.tick and record.result then
      ends[run] = ends[run] or {}
      table.insert(ends[run], i)
      last_end[run] = record
    end
  end
  local most = math.min(wanted, #entries)
  local at = 1
  while at <= most do
    local run = records[at].run or ''
    local is_open = launches[run] == at and not last_end[run]
    if spares_open and is_open and now - tonumber(string.match(entries[at][1], '^%d+')) < DAY_MS then
      most = at - 1
      break
    end
    -- A quick worker has recorded the end before the launch of a manual run was.
    if last_end[run] and (launches[run] or 0) > most and launches[run] < #entries then most = launches[run] end
    at = at + 1
  end
  if most < 1 then return 0, 0, 0 end

  local hours, moved, ahead, leaving, folded, dropped = {}, {}, {}, {}, 0, 0
  local older = kept and kept_launches(kept) or {}
  local has_older = next(older) ~= nil
  for i = 1, most do
    local record = records[i]
    local run = record.run or ''
    local ended, launch = last_end[run], launches[run]
    local is_kept = false
    if record.action then
      is_kept = true
      if not kept then dropped = dropped + 1 end
    elseif record.tick then
      local sort = sort_of(record, ended)
      is_kept = sort > OTHER
      if not (kept and is_kept) then
        local ticks = count(hours, record, ended)
        if sort > OTHER then dropped = dropped + ticks else folded = folded + ticks end
        for _, its in ipairs(launch and ends[run] or {}) do
          if its > most then ahead[entries[its][1]] = true end
        end
      end
      if ended then leaving[run] = true end
    elseif record.result then
      leaving[run] = true
      if launch then
        is_kept = launch > most or sort_of(records[launch], ended) > OTHER
      elseif older[run] and record.result == 'completed' then
        folded = folded + count(hours, older[run][2], record)
        redis.call('XDEL', kept, older[run][1])
        older[run] = nil
      else
        is_kept = has_older
      end
    end
    if kept and is_kept then table.insert(moved, entries[i]) end
  end

  forget_run(unfinished, leaving)
  local rest = entries[most + 1]
  if not rest then
    redis.call('DEL', source)
  elseif length - most <= REST then
    local others = redis.call('XRANGE', source, rest[1], '+')
    redis.call('DEL', source)
    for _, entry in ipairs(others) do
      if not ahead[entry[1]] then redis.pcall('XADD', source, entry[1], unpack(entry[2])) end
    end
  else
    redis.call('XTRIM', source, 'MINID', '=', rest[1])
    for id in pairs(ahead) do redis.call('XDEL', source, id) end
  end
  -- An id that is not newer than the kept ones comes from a clock that went back: the row is lost, and nothing else.
  for _, entry in ipairs(moved) do
    redis.pcall('XADD', kept, 'MAXLEN', '~', per_job, entry[1], unpack(entry[2]))
  end
  write_hours(hours_key, hours)
  if kept then redis.pcall('PEXPIRE', kept, stay_ms) end
  redis.pcall('PEXPIRE', hours_key, stay_ms)
  return folded, dropped, most
end

-- One job, as far as cuts are left. Returns its bytes and entries, rows folded and dropped, and whether it is finished.
local function tend(history, kept, hours, unfinished)
  local folded, dropped, is_trimmed = 0, 0, false
  while true do
    local length, kept_length = length_of(history), length_of(kept)
    local stream_bytes = bytes_of(history, 'XLEN', 130)
    local kept_bytes = kept_length > 0 and bytes_of(kept, 'XLEN', 130) or 0
    local bytes = stream_bytes + kept_bytes + bytes_of(hours, 'HLEN', 50)
    local entries = length + kept_length
    local is_long = length > per_job + CUT and not is_trimmed
    local source, spare = history, length - floor
    if mode == 'drop' and kept_length > 0 then source, spare = kept, kept_length end
    local is_wide = (mode == 'fold' or mode == 'drop') and bytes > level and spare > 0
    if mode == 'sample' or not (is_long or is_wide) then return bytes, entries, folded, dropped, true end
    if cuts == 0 then return bytes, entries, folded, dropped, false end
    cuts = cuts - 1
    if is_long then
      redis.call('XTRIM', history, 'MAXLEN', '~', per_job)
      is_trimmed = length_of(history) == length
    else
      local of, size = length, stream_bytes
      if source == kept then of, size = kept_length, kept_bytes end
      local wanted = math.ceil((bytes - level) / (size / of))
      if of > REST then wanted = math.max(wanted, REST) end
      wanted = math.min(wanted, spare, CUT)
      local now_folded, now_dropped, was_cut =
        cut(source, of, mode == 'fold' and kept or nil, hours, unfinished, wanted, source == history)
      folded, dropped = folded + now_folded, dropped + now_dropped
      if was_cut == 0 then return bytes, entries, folded, dropped, true end
    end
  end
end

local reply, done, folded, dropped, sum_bytes, sum_entries = {}, 0, 0, 0, 0, 0
for i = 3, #KEYS, 4 do
  local bytes, entries, its_folded, its_dropped, is_finished = tend(unpack(KEYS, i, i + 3))
  folded, dropped = folded + its_folded, dropped + its_dropped
  if not is_finished then break end
  done, sum_bytes, sum_entries = done + 1, sum_bytes + bytes, sum_entries + entries
  table.insert(reply, bytes)
  table.insert(reply, entries)
end
if mode ~= 'sample' then
  local sums = {bytes = sum_bytes, entries = sum_entries, jobs = done, done = done, foldedNow = folded,
    droppedNow = dropped, folded = folded, dropped = dropped}
  for name, sum in pairs(sums) do
    if sum > 0 then redis.call('HINCRBY', KEYS[2], name, string.format('%.0f', sum)) end
  end
end
return {'done', done, folded, dropped, unpack(reply)}
