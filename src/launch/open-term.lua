-- Opens the books for a term: every job gets a cursor, and all cursors are read.
--
-- KEYS  1 term   2 cursors   3 schedules
-- ARGV  1 fence   2 now (epoch ms); then for each job: its name, the fingerprint of its schedule
-- Returns {'fenced'} when another term stands, else {'opened', cursor of the first job, of the second, …}
--
-- A job without a cursor starts now: it never catches up on a past in which it did not exist. A job whose
-- schedule changed starts from now too, unless its cursor is later: what was due under the old schedule and was
-- not launched cannot be told from the new one.
--
-- Why atomic: a term that ended between the look at the fence and the write would move the cursors of its
-- successor.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'fenced'}
end
local reply = {'opened'}
for i = 3, #ARGV, 2 do
  local job, fingerprint = ARGV[i], ARGV[i + 1]
  local cursor = redis.call('HGET', KEYS[2], job)
  local known = redis.call('HGET', KEYS[3], job)
  if not cursor or (known ~= fingerprint and tonumber(cursor) < tonumber(ARGV[2])) then
    cursor = ARGV[2]
    redis.call('HSET', KEYS[2], job, cursor)
  end
  if known ~= fingerprint then
    redis.call('HSET', KEYS[3], job, fingerprint)
  end
  table.insert(reply, cursor)
end
return reply
