-- Notes of which jobs the stored states are, when a term has been opened as a whole.
--
-- KEYS  1 term   2 opening   3 catalogue   4 cursors   5 definitions   6 schedules
-- ARGV  1 fence   2 id of the opening   3 id of the leader's jobs
-- Returns 'noted', or 'late' when another term is in force, or the term has been opened again meanwhile.
--
-- The record is `id term cursors definitions schedules`; the last three are the sizes of these hashes. Each opening of a whole
-- term removes it first (open-term.lua), since it may change any of them.
--
-- Why atomic: what another leader has changed must not pass for what this one has left.

if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 'late' end
local sizes = {redis.call('HLEN', KEYS[4]), redis.call('HLEN', KEYS[5]), redis.call('HLEN', KEYS[6])}
redis.call('SET', KEYS[3], table.concat({ARGV[3], string.match(ARGV[1], '^%d+'), unpack(sizes)}, ' '))
return 'noted'
