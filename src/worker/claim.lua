-- Claims that the handler of a run begins, for a job whose runs must not overlap. Follows unfinished.lua and strips.lua.
--
-- KEYS  1 the key that names the job's newest run   2 the job's history   3 the key that names the run at work
--       4 the run (BullMQ's job key)   5 the job's strip
-- ARGV  1 job   2 prefix of BullMQ's keys of the run's queue   3 for how long the claim is valid without renewal (ms)
--       4 token of the attempt
-- Returns {'claimed', ''}; {'blocked', id} of another run that has not ended; {'gone', ''} when BullMQ does not have
-- the run any more
--
-- A run that was launched is the newest one and claims itself. Another one was put back from outside, or added by another
-- program; it becomes the newest one when no other is unfinished. A launch that looked before that is void: it watches
-- the key.
--
-- Why atomic: of two runs that were put back, both would find no other.

if state_of(KEYS[4]) ~= 'unfinished' then return {'gone', ''} end
if text_of(KEYS[1]) ~= KEYS[4] then
  local state, run = unpack(look(KEYS[1], KEYS[2], KEYS[3], ARGV[2], ARGV[1]))
  if state == 'unfinished' and run ~= id_of(KEYS[4], ARGV[2]) then return {'blocked', run} end
  if state == 'removed' then
    record_removal(KEYS[2], run)
    note_loss(KEYS[5], run)
  end
  redis.call('SET', KEYS[1], KEYS[4])
end
redis.call('SET', KEYS[3], KEYS[4] .. ' ' .. ARGV[4], 'PX', ARGV[3])
return {'claimed', ''}
