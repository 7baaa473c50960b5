-- Takes how runs ended from the event stream of a queue that other programs work off: records the ends, and moves the position.
--
-- KEYS  1 term   2 positions in event streams   3 BullMQ's events of the queue   4 definitions   5 the jobs whose
--       last run failed
-- ARGV  1 fence   2 base of BullMQ's keys of the queue   3 what the ids of this namespace's runs begin with ('' in its own queues)
--       4 what the keys of the histories begin with   5 how many entries a history keeps   6 how many events at most
--       7 the position that this leader has received in this term   8, 9 what the names of strips and tallies begin with
-- Returns {'fenced'} when another term is in force; {'gap', position} when events behind the position may have been trimmed, or
--         no position is known (''); else {'taken', position, '1' when there may be more, {job, run, result, attempts, ms, error}, ...}
--
-- Of a term the leader that received less than what is stored has lost an answer: it gets the same ends again, and they are not
-- recorded again. No other leader moves the position in its term.
--
-- Why atomic: record and position are of one moment, so a successor records each end once.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local base, mine, histories, kept = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local stored = redis.call('HGET', KEYS[2], base)
-- What another program wrote there is no position.
if not string.match(stored or '', '^%d+%-%d+$') then return {'gap', ''} end

local function is_after(one, other)
  local a, b = string.match(one, '^(%d+)%-(%d+)$')
  local c, d = string.match(other, '^(%d+)%-(%d+)$')
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  return a > c or (a == c and b > d)
end

-- Whether every event behind the position is there: there is no newer one, an older one has not been trimmed, or as many
-- are there as were added. Redis before 7 does not count what was added.
local function is_whole()
  if redis.call('EXISTS', KEYS[3]) == 0 then return stored == '0-0' end
  local about = redis.call('XINFO', 'STREAM', KEYS[3])
  local facts = {}
  for i = 1, #about, 2 do facts[about[i]] = about[i + 1] end
  if facts['last-generated-id'] == stored then return true end
  local first = facts['first-entry']
  if first and not is_after(first[1], stored) then return true end
  local added = tonumber(redis.call('HGET', KEYS[2], base .. ' added') or '')
  return facts['entries-added'] ~= nil and facts['entries-added'] - facts.length == added
end
if not is_whole() then return {'gap', stored} end

local from = string.match(ARGV[7], '^%d+%-%d+$') and is_after(stored, ARGV[7]) and ARGV[7] or stored
local to = {strips = ARGV[8], tallies = ARGV[9], failing = KEYS[5], day = math.floor(redis.call('TIME')[1] / 86400)}
local settled = redis.call('HGET', KEYS[2], base .. ' settled') or '0-0'

local function end_of(id, fields)
  local event, run = fields.event, fields.jobId or ''
  if event ~= 'completed' and event ~= 'failed' and event ~= 'removed' then return nil end
  if string.sub(run, 1, #mine) ~= mine then return nil end
  local job = string.match(string.sub(run, #mine + 1), '^(.+)@[^@]+$')
  if not job or redis.call('HEXISTS', KEYS[4], job) == 0 then return nil end
  local history, run_key = histories .. job, base .. ':' .. run
  -- Recorded before, and the answer was lost.
  local is_recorded = not is_after(id, stored)
  if is_recorded and event == 'removed' then return nil end
  if is_recorded then return record_end(to, nil, kept, job, run, run_key, event, fields.failedReason) end
  -- Up to there ends were also read from the jobs (settle-ends.lua).
  if (event == 'removed' or not is_after(id, settled)) and is_end_recorded(history, run) then return nil end
  if event == 'removed' then
    record_removal(history, run)
    note_loss(to.strips .. job, run)
    return nil
  end
  return record_end(to, history, kept, job, run, run_key, event, fields.failedReason)
end

local entries = redis.call('XRANGE', KEYS[3], '(' .. from, '+', 'COUNT', ARGV[6])
local position, ends, passed = stored, {}, 0
for _, entry in ipairs(entries) do
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  table.insert(ends, end_of(entry[1], fields))
  position = entry[1]
  if is_after(position, stored) then passed = passed + 1 end
end
if passed > 0 then
  redis.call('HSET', KEYS[2], base, position)
  redis.call('HINCRBY', KEYS[2], base .. ' added', passed)
end
return {'taken', position, #entries == tonumber(ARGV[6]) and '1' or '', unpack(ends)}
