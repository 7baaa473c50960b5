-- Writes the definitions of jobs that are new or changed, and closes the epochs that end with that. (After strips.lua.)
--
-- KEYS  1 term   2 cursors   3 definitions   4 epochs   5 epoch cursors   6 schedules   7 launched   8 calendars   9 opening
--       10 version of the definitions
-- ARGV  1 fence   2 now (epoch ms)   3 how many entries a history keeps   4 what the keys of histories begin with
--       5 id of the opening   6 why ticks are recorded as missed, for people   7 code of that reason
--       8 what the names of strips begin with   9 of the tallies those of the missed
--       10 how many calendars follow, and these: digest, covered time
--       then for each job: its name, fingerprint and digest of its definition, fingerprint of its schedule as releases
--       without epochs keep it, the definition as JSON, ticks that are to be recorded as missed where the job has no
--       cursor (epoch ms, with commas)
-- Returns {'fenced'} when another term is in force, {'late'} when the term has been opened again
-- meanwhile, else {'defined', cursor and launched ticks of the first job, ...}
--
-- A definition is stored as `fingerprint|digest|legacy|number|from|json`. When the fingerprint changes, the epoch that
-- was in force is closed. It owns the ticks up to now, or up to its cursor where that is later, and keeps its own
-- cursor. The next epoch owns the ticks after that, and its cursor begins there. A job without a cursor begins now.
--
-- A job without a cursor decides no tick from before. Of a one-off that a person has just written down the history says so.
--
-- A release without epochs keeps only a fingerprint in `schedules`. Where it is not the one of the stored definition, such
-- a release has led meanwhile. When it led with this schedule, the job goes on from its cursor. When it led with another
-- one, the ticks that it left undecided belong to a schedule that is not known: the job begins now, and its history says so.
--
-- Why {'late'}: on a connection that was given up this may arrive after the same leader has opened its term again, with
-- other jobs. Then Redis would have one schedule in force, and the leader would launch by another one.
--
-- Why atomic: an epoch that is closed without its cursor loses ticks, and a cursor that moves without it does too.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
if redis.call('GET', KEYS[9]) ~= ARGV[5] then return {'late'} end
local now, kept, histories = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local missed_today = ARGV[9] .. math.floor(redis.call('TIME')[1] / 86400)
local at = 11
for _ = 1, tonumber(ARGV[10]) do
  redis.call('HSETNX', KEYS[8], ARGV[at], ARGV[at + 1])
  at = at + 2
end

-- A record that cannot be written must not keep a job from being led: pcall.
local function record(job, ...)
  redis.pcall('XADD', histories .. job, 'MAXLEN', '~', kept, '*', 'action', 'rescheduled', 'at', ARGV[2], ...)
end

local function record_missed(job, ticks)
  for tick in string.gmatch(ticks, '%d+') do
    redis.pcall('XADD', histories .. job, 'MAXLEN', '~', kept, '*', 'tick', tick, 'outcome', 'missed', 'kind', 'scheduled',
      'term', string.match(ARGV[1], '^%d+'), 'lateMs', string.format('%.0f', now - tonumber(tick)),
      'reason', ARGV[6], 'reasonCode', ARGV[7])
    add_cell(ARGV[8] .. job, 'm--------')
    count_up(missed_today, job, 1)
  end
end

-- As fold-history.lua has it.
local FOLDED_STAY_MS = 34560000000

local function after(cursor)
  return string.format('%.0f', math.max(now, tonumber(cursor)))
end

-- Written together at the end: a command takes longer than what it does.
local function put(fields, name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
local function write(key, fields)
  if #fields > 0 then redis.call('HSET', key, unpack(fields)) end
end

local names = {}
for i = at, #ARGV, 6 do names[#names + 1] = ARGV[i] end
local function values_of(key) return redis.call('HMGET', key, unpack(names)) end
local lines, cursors, schedules, launched = values_of(KEYS[3]), values_of(KEYS[2]), values_of(KEYS[6]), values_of(KEYS[7])
local begun, defined, led = {}, {}, {}
local has_epochs = redis.call('EXISTS', KEYS[4]) == 1

local reply = {'defined'}
for i = 1, #names do
  local job, fingerprint, digest, legacy, json, missed = unpack(ARGV, at, at + 5)
  at = at + 6
  local line, cursor, led_with = lines[i] or '', cursors[i], schedules[i]
  local was, legacy_was, number, from = string.match(line, '^(%x+)|%x+|([^|]*)|(%d+)|(-?%d+)|')
  number = tonumber(number or '0')
  local is_stored = was and legacy_was == led_with
  local begins = nil
  if not cursor then
    begins = ARGV[2]
    local history = histories .. job
    if redis.call('EXISTS', history, history .. '/kept', history .. '/hours') > 0 then
      redis.call('PERSIST', history)
      for _, part in ipairs({'/kept', '/hours'}) do redis.call('PEXPIRE', history .. part, FOLDED_STAY_MS) end
    end
    record_missed(job, missed)
  elseif not tonumber(cursor) then
    begins = false
  elseif is_stored and was ~= fingerprint then
    begins = after(cursor)
    local epoch = string.format('%d:%s', number, job)
    redis.call('HSET', KEYS[4], epoch, begins .. '|' .. line)
    redis.call('HSET', KEYS[5], epoch, cursor)
    has_epochs = true
    record(job, 'until', begins, 'epoch', line)
  elseif not is_stored and led_with and led_with ~= legacy then
    begins = after(cursor)
    record(job, 'until', begins, 'after', cursor)
  elseif not is_stored then
    from, number = cursor, number + 1
  end
  if begins then
    cursor, from, number = begins, begins, number + 1
    put(begun, job, cursor)
  end
  -- A cursor that is no number is reported by the caller, and nothing may be built on it.
  if begins ~= false then
    while has_epochs and redis.call('HEXISTS', KEYS[4], string.format('%d:%s', number, job)) == 1 do number = number + 1 end
    local head = table.concat({fingerprint, digest, legacy, string.format('%d', number), from}, '|')
    put(defined, job, head .. '|' .. json)
    put(led, job, legacy)
  end
  table.insert(reply, cursor)
  table.insert(reply, launched[i] or '0')
end
write(KEYS[2], begun)
write(KEYS[3], defined)
write(KEYS[6], led)
redis.pcall('INCR', KEYS[10])
return reply
