-- Puts back what a replica remembers after Redis has lost it.
--
-- KEYS  1 term   2 lineage   3 controls   4 generation   5 launched   6 audit   7 cursors
-- ARGV  1 fence of the replica's term ('' when it does not lead)   2 id of the lineage that it remembers   3 version of the
--       controls   4 generation, -1 for none   5 new id of the lineage   6 who   7 what the keys of histories begin with
--       8 how many entries the audit keeps   9 newest term that it remembers   10 why, for audit and histories
--       11 code of that reason   12 channel for wakeups   13 how many controls follow: name and value each   then jobs and
--       counts
-- Returns {'fenced'} when another term is in force, {'kept'} when nothing was lost, {'known'} when a replica that remembers
--         at least as much has put it back, else {'done', jobs that are paused again ...}
--
-- Only what is missing is added, and never against what was asked for since: a pause that was ended after it had begun is not
-- put back. A job that is paused stays paused, also where the replica remembers that it was resumed: in doubt a person says
-- so. The version of the controls grows, so launches that were planned without these controls are void.
--
-- Why atomic, and why it checks again: it may arrive late, or at another server than the one whose loss was noticed.

if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end

-- The term in force keeps its number: its leader could not write any more. The next one goes on from here.
local term = tonumber(string.match(redis.call('GET', KEYS[1]) or '', '^(%d+):') or '0')
local floor_term = tonumber(redis.call('HGET', KEYS[2], 'term') or '') or 0
if tonumber(ARGV[9]) > math.max(term, floor_term) then redis.call('HSET', KEYS[2], 'term', ARGV[9]) end

local id = redis.call('HGET', KEYS[2], 'id') or ''
local version = tonumber(redis.call('HGET', KEYS[3], 'version') or '') or 0
local remembered = tonumber(ARGV[3])
local is_other = ARGV[2] ~= '' and id ~= ARGV[2]
if not is_other and version >= remembered then return {'kept'} end

-- The lineage begins anew with the first who notices: all others notice by that.
if id == '' or not is_other then redis.call('HSET', KEYS[2], 'id', ARGV[5]) end
-- True when Redis went back and was not emptied: a lineage that follows such a step names the lineage before it.
local went_back = not is_other or redis.call('HGET', KEYS[2], 'after') == ARGV[2]
if not is_other and ARGV[2] ~= '' then redis.call('HSET', KEYS[2], 'after', ARGV[2]) end
local from, known = string.match(redis.call('HGET', KEYS[3], 'putBack') or '', '^(%S*) (%d+)$')
if from == ARGV[2] and tonumber(known) >= remembered then return {'known'} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function is_ended(job, began)
  for ended in string.gmatch(redis.call('HGET', KEYS[3], 'paused:' .. job) or '', '%d+%-(%d+)') do
    if tonumber(ended) > began then return true end
  end
  return false
end

-- The next record of a replica trims the history (history.ts).
local HISTORY_CEILING = 100000

-- A record that cannot be written must not keep a control from being put back: pcall.
local function record(job, action, ...)
  for key, kept in pairs({[KEYS[6]] = ARGV[8], [ARGV[7] .. job] = HISTORY_CEILING}) do
    redis.pcall('XADD', key, 'MAXLEN', '~', kept, '*', 'action', action, 'at', now, 'by', ARGV[6], 'job', job,
      'reason', ARGV[10], 'reasonCode', ARGV[11], ...)
  end
end

-- Whether the job is paused again.
local function put_back_pause(name, value, job)
  local began = tonumber(string.match(value, '^(%d+) ') or '0')
  if redis.call('HEXISTS', KEYS[3], name) == 1 or is_ended(job, began) then return false end
  redis.call('HSET', KEYS[3], name, value)
  record(job, 'pause')
  return true
end

-- Ticks are added to those that are to be skipped already. One that is decided is no control any more.
local function put_back_skips(name, value, job)
  local decided = tonumber(redis.call('HGET', KEYS[7], job) or '') or now
  local standing = redis.call('HGET', KEYS[3], name) or ''
  local lost = {}
  for tick in string.gmatch(value, '%d+') do
    if tonumber(tick) > decided and not string.find(',' .. standing .. ',', ',' .. tick .. ',', 1, true) then
      table.insert(lost, tick)
    end
  end
  if #lost == 0 then return end
  local ticks = table.concat(lost, ',')
  redis.call('HSET', KEYS[3], name, standing == '' and ticks or standing .. ',' .. ticks)
  record(job, 'skip-next', 'ticks', ticks)
end

local jobs = {'done'}
local at = 14
for _ = 1, tonumber(ARGV[13]) do
  local name, value = ARGV[at], ARGV[at + 1]
  at = at + 2
  local what, job = string.match(name, '^(%l+):(.*)$')
  if what == 'pause' and put_back_pause(name, value, job) then table.insert(jobs, job) end
  if what == 'skip' then put_back_skips(name, value, job) end
end

-- Data that went back as a whole has the counts and the floor that belong to it.
if not went_back then
  for i = at, #ARGV, 2 do
    local count = tonumber(redis.pcall('HGET', KEYS[5], ARGV[i]) or '') or 0
    if tonumber(ARGV[i + 1]) > count then redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1]) end
  end
  local floor = tonumber(redis.call('GET', KEYS[4]) or '-1') or -1
  if tonumber(ARGV[4]) > floor then redis.call('SET', KEYS[4], ARGV[4]) end
end

redis.call('HSET', KEYS[3], 'version', string.format('%.0f', math.max(version, remembered) + 1),
  'putBack', ARGV[2] .. ' ' .. ARGV[3])
redis.pcall('PUBLISH', ARGV[12], 'orders')
return jobs
