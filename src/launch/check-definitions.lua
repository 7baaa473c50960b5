-- Finds out whether the definitions of some jobs are stored as the leader would store them.
--
-- KEYS  1 term   2 catalogue   3 definitions   4 schedules
-- ARGV  1 fence   then for each job: its name, fingerprint and digest of its definition, fingerprint of its schedule as
--       releases without epochs keep it
-- Returns 'fenced' when another term is in force, 'same', or 'other'. Then the record of the catalogue is removed, so that
-- the next opening compares everything and writes what is missing.
--
-- Why atomic: a record that another leader has written must not be removed.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end
local names = {}
for i = 2, #ARGV, 4 do names[#names + 1] = ARGV[i] end
local known, schedules = redis.call('HMGET', KEYS[3], unpack(names)), redis.call('HMGET', KEYS[4], unpack(names))
for i = 1, #names do
  local fingerprint, digest, legacy = unpack(ARGV, 4 * i - 1, 4 * i + 1)
  local prefix = fingerprint .. '|' .. digest .. '|'
  if string.sub(known[i] or '', 1, #prefix) ~= prefix or schedules[i] ~= legacy then
    redis.call('DEL', KEYS[2])
    return 'other'
  end
end
return 'same'
