-- Opens the books for a term: every job gets a cursor, and all cursors are read. Called for a few thousand jobs
-- at a time.
--
-- KEYS  1 term   2 cursors   3 schedules   4 launched   5 retired   6 format
-- ARGV  1 fence   2 now (epoch ms)   3 where a schedule begins that changed just now (epoch ms)
--       4 how many entries a history keeps   5 what the keys of histories begin with   6 newest format that is known
--       then for each job: its name, the fingerprint of its schedule
-- Returns {'fenced'} when another term stands, {'newer', format} when a newer release wrote the data, else {'opened', cursor and launched ticks of the first job, of the
-- second, ...}
--
-- A job without a cursor starts now: it never catches up on a past in which it did not exist. Of a job whose schedule
-- changed, ticks before the change belong to no schedule that is known: its cursor moves to the change, and the
-- history tells so. A job that was retired from the books is no longer.
--
-- Why atomic: a term that ended between the look at the fence and the write would change the books of its
-- successor; and a fingerprint without its cursor would hide the change.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'fenced'}
end
local format = tonumber(redis.call('GET', KEYS[6]) or '1')
if format > tonumber(ARGV[6]) then return {'newer', format} end
local now, beginning, kept, histories = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local has_retired = redis.call('EXISTS', KEYS[5]) == 1
local reply = {'opened'}
for i = 7, #ARGV, 2 do
  local job, fingerprint = ARGV[i], ARGV[i + 1]
  local cursor = redis.call('HGET', KEYS[2], job)
  local known = redis.call('HGET', KEYS[3], job)
  if known ~= fingerprint then
    redis.call('HSET', KEYS[3], job, fingerprint)
    if known and cursor and (tonumber(cursor) or math.huge) < tonumber(beginning) then
      cursor = beginning
      redis.call('HSET', KEYS[2], job, cursor)
    end
    if known then
      redis.pcall('XADD', histories .. job, 'MAXLEN', '~', kept, '*', 'action', 'rescheduled', 'at', now,
        'reason', 'the schedule changed; ticks before ' .. beginning .. ' belonged to the one before')
    end
  end
  if not cursor then
    cursor = now
    redis.call('HSET', KEYS[2], job, cursor)
  end
  if has_retired then redis.call('HDEL', KEYS[5], job) end
  table.insert(reply, cursor)
  table.insert(reply, redis.call('HGET', KEYS[4], job) or '0')
end
return reply
