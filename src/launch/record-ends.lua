-- Records how runs ended, in the histories of their jobs and in what lists show of these. (After strips.lua.)
--
-- KEYS  1, 2 tallies of today: completed and failed   3 the jobs whose last run failed   then for each end its job's history and strip
-- ARGV  1 how many entries a history keeps   then for each end: its job, its cell for the strip, '1' if it may be on record (its answer
--       was lost), how many strings follow, and these: names and values of the record's fields
-- Returns for each end 1, or the error for which Redis did not record it: then nothing of it is written.
--
-- Why a script: it is one command for many ends. An end that cannot be recorded keeps none of the others from it.

local SEARCHED = 100

local function is_on_record(history, fields)
  for _, entry in ipairs(redis.pcall('XREVRANGE', history, '+', '-', 'COUNT', SEARCHED)) do
    local is_same = #entry[2] == #fields
    for i = 1, is_same and #fields or 0 do is_same = is_same and entry[2][i] == fields[i] end
    if is_same then return true end
  end
  return false
end

local results, failing, at = {}, {}, 2
for i = 4, #KEYS, 2 do
  local job, cell, is_repeated, length = unpack(ARGV, at, at + 3)
  local fields = {unpack(ARGV, at + 4, at + 3 + length)}
  at = at + 4 + length
  local added = 1
  if is_repeated ~= '1' or not is_on_record(KEYS[i], fields) then
    added = redis.pcall('XADD', KEYS[i], 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
    if type(added) == 'string' then
      local has_failed = string.sub(cell, 1, 1) == 'f'
      add_cell(KEYS[i + 1], cell)
      count_up(has_failed and KEYS[2] or KEYS[1], job, 1)
      failing[job] = has_failed
      added = 1
    end
  end
  table.insert(results, added)
end

-- Of several ends of a job the last one counts.
local changed = {SADD = {}, SREM = {}}
for job, has_failed in pairs(failing) do table.insert(changed[has_failed and 'SADD' or 'SREM'], job) end
for command, jobs in pairs(changed) do
  if #jobs > 0 then redis.pcall(command, KEYS[3], unpack(jobs)) end
end
return results
