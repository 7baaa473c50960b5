-- Looks at the newest run of jobs.
--
-- KEYS  for each job: the key that names its run, its history
-- ARGV  for each job: its name, prefix of BullMQ's keys of its queue
-- Returns for each job what `look` (unfinished.lua) answers.
--
-- Writes nothing: it runs under a WATCH of these keys, which a write would break.

local found = {}
for i = 1, #ARGV, 2 do
  table.insert(found, look(KEYS[i], KEYS[i + 1], ARGV[i + 1], ARGV[i]))
end
return found
