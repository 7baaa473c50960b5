-- Resumes the jobs whose pause was asked for until a time that has passed. (After past-pauses.lua.)
--
-- KEYS  1 term   2 controls   3 audit   then the histories of the jobs
-- ARGV  1 fence   2 how many entries the audit keeps   then the jobs
-- Returns {'fenced'} when another term is in force, else {'ended', job, ...}
--
-- The time is Redis's: a leader whose clock is ahead asks again. A pause that an operator has ended or made anew meanwhile
-- is left alone. The version of the controls grows, so launches that were planned during the pause are void.
--
-- Why atomic: an operator may pause the job again between the check and the end of its pause.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The next record of a replica trims the history (history.ts).
local HISTORY_CEILING = 100000
local reply = {'ended'}
for i = 3, #ARGV do
  local job = ARGV[i]
  local standing = redis.call('HGET', KEYS[2], 'pause:' .. job)
  local ends = standing and ends_at(standing)
  if ends and ends <= now then
    end_pause(KEYS[2], job, standing, now)
    redis.call('HINCRBY', KEYS[2], 'version', 1)
    -- A record that cannot be written must not keep a job paused: pcall.
    for key, kept in pairs({[KEYS[3]] = ARGV[2], [KEYS[i + 1]] = HISTORY_CEILING}) do
      redis.pcall('XADD', key, 'MAXLEN', '~', kept, '*', 'action', 'resume', 'at', now, 'by', 'until', 'job', job)
    end
    table.insert(reply, job)
  end
end
return reply
