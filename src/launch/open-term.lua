-- Opens a term: reads where every job is. Called for a few thousand jobs at a time.
--
-- KEYS  1 term   2 cursors   3 definitions   4 schedules   5 launched   6 retired   7 format   8 opening   9 catalogue
-- ARGV  1 fence   2 newest format that is known   3 id of this opening
--       then for each job: its name, fingerprint and digest of its definition, fingerprint of its schedule as releases
--       without epochs keep it
-- Returns {'fenced'} when another term is in force, {'newer', format} when a newer release wrote the data, else
-- {'opened', cursor and launched ticks of the first job, of the second, ...}. A job that is new, or whose definition is not
-- the one that is stored, has two empty strings: define.lua comes next for it.
--
-- The record of which jobs the states are is void until the term is open (note-catalogue.lua).
--
-- A job that is in a configuration again is not retired. What an earlier opening still sends to define.lua is void.
--
-- Why atomic: a term that ended between the check of the fence and the write must not change anything.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local format = tonumber(redis.call('GET', KEYS[7]) or '1')
if format > tonumber(ARGV[2]) then return {'newer', format} end
redis.call('SET', KEYS[8], ARGV[3])
redis.call('DEL', KEYS[9])
local names = {}
for i = 4, #ARGV, 4 do names[#names + 1] = ARGV[i] end
if #names == 0 then return {'opened'} end
local function values_of(key) return redis.call('HMGET', key, unpack(names)) end
local cursors, known, schedules, launched = values_of(KEYS[2]), values_of(KEYS[3]), values_of(KEYS[4]), values_of(KEYS[5])
if redis.call('EXISTS', KEYS[6]) == 1 then redis.call('HDEL', KEYS[6], unpack(names)) end
local reply = {'opened'}
for i = 1, #names do
  local fingerprint, digest, legacy = unpack(ARGV, 4 * i + 1, 4 * i + 3)
  local prefix = fingerprint .. '|' .. digest .. '|'
  local is_known = string.sub(known[i] or '', 1, #prefix) == prefix and schedules[i] == legacy
  if cursors[i] and is_known then
    table.insert(reply, cursors[i])
    table.insert(reply, launched[i] or '0')
  else
    table.insert(reply, '')
    table.insert(reply, '')
  end
end
return reply
