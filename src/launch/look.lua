-- Reads the newest run of jobs.
--
-- KEYS  for each job: the key that names its newest run, its history, the key that names its run at work
-- ARGV  for each job: its name ('' where no older release has launched it), prefix of BullMQ's keys of its queue
-- Returns for each job what `look` (unfinished.lua) answers.
--
-- Writes nothing: it runs under a WATCH of these keys, which a write would break.

local found = {}
for i = 1, #ARGV / 2 do
  local unfinished, history, working = unpack(KEYS, 3 * i - 2, 3 * i)
  local job, prefix = unpack(ARGV, 2 * i - 1, 2 * i)
  table.insert(found, look(unfinished, history, working, prefix, job))
end
return found
