-- Writes or removes the record of jobs that the leader does not launch for now.
--
-- KEYS  1 term   2 quarantine
-- ARGV  1 fence   then for each job: its name, its record as JSON ('' to remove it)
-- Returns 1, or 0 when another term is in force.
--
-- Why atomic: a term that has ended must not overwrite what the next one has found.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
return 1
