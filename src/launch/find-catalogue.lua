-- Finds out whether what is stored of the jobs is what a leader with the same jobs has left.
--
-- KEYS  1 term   2 format   3 catalogue   4 cursors   5 definitions   6 schedules   7 launched
-- ARGV  1 fence   2 newest format that is known   3 id of the leader's jobs
-- Returns {'fenced'} when another term is in force, {'newer', format} when a newer release wrote the data,
-- {'same', how many jobs have launched ticks that are counted}, or {'other'}: then the whole term is opened (open-term.lua).
--
-- The record is that of note-catalogue.lua. It must be of this term or of the one before it. Else a leader in between has
-- left none: a release that does not know it, or one that was replaced before its term was open.
--
-- Why atomic: the record must not get the number of a term that has ended.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local format = tonumber(redis.call('GET', KEYS[2]) or '1')
if format > tonumber(ARGV[2]) then return {'newer', format} end
local id, noted, sizes = string.match(redis.call('GET', KEYS[3]) or '', '^(%S+) (%d+) (.*)$')
if id ~= ARGV[3] then return {'other'} end
local term = string.match(ARGV[1], '^%d+')
local passed = tonumber(term) - tonumber(noted)
if passed ~= 0 and passed ~= 1 then return {'other'} end
local found = {redis.call('HLEN', KEYS[4]), redis.call('HLEN', KEYS[5]), redis.call('HLEN', KEYS[6])}
if sizes ~= table.concat(found, ' ') then return {'other'} end
redis.call('SET', KEYS[3], table.concat({id, term, sizes}, ' '))
return {'same', redis.call('HLEN', KEYS[7])}
