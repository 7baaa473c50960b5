-- Reads the version of the controls and the newest entry of the audit, and notes when the leader of the term was last able to.
--
-- KEYS  1 term   2 leader   3 controls   4 audit
-- ARGV  1 fence   2 field of the version
-- Returns {version, '' while nothing was asked for; id of the newest entry, '' where there is none}
--
-- Why atomic: the sign of life of one leader must not be written to the record of the next. It is best effort (pcall): a
-- server that refuses the write refuses launches as well, and then there is no sign of life.

if redis.call('GET', KEYS[1]) == ARGV[1] then
  local time = redis.call('TIME')
  redis.pcall('HSET', KEYS[2], 'alive', time[1] * 1000 + math.floor(time[2] / 1000))
end
-- Another program may have put something else there: pcall.
local newest = redis.pcall('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)
return {redis.call('HGET', KEYS[3], ARGV[2]) or '', newest[1] and newest[1][1] or ''}
