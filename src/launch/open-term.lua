-- Opens the books for a term: every job gets a cursor, and all cursors are read. Called for a few thousand jobs
-- at a time.
--
-- KEYS  1 term   2 cursors   3 schedules
-- ARGV  1 fence   2 now (epoch ms)   3 where a schedule begins that changed just now (epoch ms)
--       then for each job: its name, the fingerprint of its schedule
-- Returns {'fenced'} when another term stands, else {'opened', cursor and beginning of the first job, of the
-- second, ...}
--
-- A job without a cursor starts now: it never catches up on a past in which it did not exist. Of a job whose
-- schedule changed, ticks before the change belong to no schedule that is known; the beginning says where the new
-- one's begin, and stays what it is for later terms.
--
-- Why atomic: a term that ended between the look at the fence and the write would change the books of its
-- successor.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'fenced'}
end
local reply = {'opened'}
for i = 4, #ARGV, 2 do
  local job, fingerprint = ARGV[i], ARGV[i + 1]
  local cursor = redis.call('HGET', KEYS[2], job)
  local known, beginning = string.match(redis.call('HGET', KEYS[3], job) or '', '^(.*)@(%d+)$')
  if known ~= fingerprint then
    beginning = known and ARGV[3] or '0'
    redis.call('HSET', KEYS[3], job, fingerprint .. '@' .. beginning)
  end
  if not cursor then
    cursor = ARGV[2]
    redis.call('HSET', KEYS[2], job, cursor)
  end
  table.insert(reply, cursor)
  table.insert(reply, beginning)
end
return reply
