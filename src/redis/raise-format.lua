-- Raises the format of the namespace's data.
--
-- KEYS  1 format
-- ARGV  1 the format to raise it to
-- Returns the format that is in force.
--
-- Why atomic: of two releases that raise it at the same time the higher one must stay.

local found = tonumber(redis.call('GET', KEYS[1]) or '0')
if found >= tonumber(ARGV[1]) then return found end
redis.call('SET', KEYS[1], ARGV[1])
return tonumber(ARGV[1])
