-- Retires jobs that are in no configuration any more from the stored state, a while after they were first missed.
--
-- KEYS  1 term   2 cursors   3 definitions   4 schedules   5 launched   6 retired   7 controls   8 epochs
--       9 epoch cursors   10 version of the definitions   11 the jobs whose last run failed
--       12 catalogue
-- ARGV  1 fence   2 now (epoch ms)   3 for how long a job is kept (ms)   4 what the keys of histories begin with
--       5 for how long its history, and the name of its newest run, are kept after that (ms)
--       6 what the keys of newest runs begin with   7 and those of strips   then the names of the jobs that are missing
-- Returns {'fenced'} when another term is in force, else {'done', name of each job that was retired}
--
-- A job that is put back meanwhile goes on from its cursor; after that it is a new job. A pause outlives both: a job that
-- an operator has stopped must not begin to run because it comes back.
--
-- Why atomic: the state of a job that another leader has put back must not be removed.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local now, kept, histories, history_kept, unfinished, strips = tonumber(ARGV[2]), tonumber(ARGV[3]), unpack(ARGV, 4, 7)
local reply, gone = {'done'}, {}
for i = 8, #ARGV do
  local job = ARGV[i]
  local since = redis.call('HGET', KEYS[6], job)
  if not since then
    redis.call('HSET', KEYS[6], job, ARGV[2])
    -- Where a leader has the job again, it opens its whole term, and the job is not missing any more.
    redis.call('DEL', KEYS[12])
  elseif now - tonumber(since) >= kept then
    for key = 2, 6 do redis.call('HDEL', KEYS[key], job) end
    redis.call('DEL', strips .. job)
    redis.call('SREM', KEYS[11], job)
    redis.call('HDEL', KEYS[7], 'skip:' .. job, 'paused:' .. job)
    for _, part in ipairs({'', '/kept', '/hours'}) do redis.call('PEXPIRE', histories .. job .. part, history_kept) end
    redis.call('PEXPIRE', unfinished .. job, history_kept)
    table.insert(reply, job)
    gone[job] = true
  end
end
if #reply > 1 then
  redis.pcall('INCR', KEYS[10])
  for _, epoch in ipairs(redis.call('HKEYS', KEYS[8])) do
    if gone[string.match(epoch, ':(.*)$') or ''] then
      redis.call('HDEL', KEYS[8], epoch)
      redis.call('HDEL', KEYS[9], epoch)
    end
  end
end
return reply
