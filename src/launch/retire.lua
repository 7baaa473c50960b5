-- Retires jobs that are in no configuration any more from the books, a while after they were first missed.
--
-- KEYS  1 term   2 cursors   3 schedules   4 queued   5 launched   6 retired   7 orders
-- ARGV  1 fence   2 now (epoch ms)   3 for how long a job is kept (ms)   4 what the keys of histories begin with
--       5 for how long its history is kept after that (ms)   then the names of the jobs that are missing
-- Returns {'fenced'} when another term stands, else {'done', name of each job that was retired}
--
-- A job that is put back meanwhile goes on from its cursor; after that it is a new job.
--
-- Why atomic: the books of a job that another leader has put back must not be thrown away.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'fenced'}
end
local now, kept, histories, history_kept = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local reply = {'done'}
for i = 6, #ARGV do
  local job = ARGV[i]
  local since = redis.call('HGET', KEYS[6], job)
  if not since then
    redis.call('HSET', KEYS[6], job, ARGV[2])
  elseif now - tonumber(since) >= kept then
    for key = 2, 6 do redis.call('HDEL', KEYS[key], job) end
    redis.call('HDEL', KEYS[7], 'pause:' .. job, 'skip:' .. job)
    redis.call('PEXPIRE', histories .. job, history_kept)
    table.insert(reply, job)
  end
end
return reply
