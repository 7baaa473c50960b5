-- Notes which of the jobs that have a definition the leader does not carry. For people: nothing is decided by it.
--
-- KEYS  1 opening   2 definitions   3 dropped
-- ARGV  1 id of the opening   2 how many of the leader's jobs have a definition   3 the record, or '' where the names are not known yet
-- Returns 'noted', 'late' when the term has been opened again meanwhile, or 'names' when the caller has to find out the
-- names first.
--
-- Where there are no more definitions than that, no job was dropped, and the names need not be read.
--
-- Why atomic: a leader that was replaced must not overwrite what its successor has noted.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'late' end
local record = ARGV[3]
if record == '' then
  if redis.call('HLEN', KEYS[2]) > tonumber(ARGV[2]) then return 'names' end
  record = cjson.encode({opening = ARGV[1]})
end
redis.call('SET', KEYS[3], record)
return 'noted'
