-- Takes what operators did and no leader has reported yet, for the log of the leader.
--
-- KEYS  1 term   2 audit   3 reported
-- ARGV  1 fence   2 id of the last entry that this leader received in this term ('' for none)   3 how many entries at most
--       4 how far back the first leader reports that asks (ms)
-- Returns {'fenced'} when another term is in force, else {'taken', entry of the audit, ...}, the oldest first
--
-- Of the term that asked last, `reported` holds the fence, where it began, and the last entry that it was given. A leader
-- whose answer was lost gets the same entries again, since it says which one it has received; its successor does not.
--
-- Why atomic: two leaders must not report the same entry.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local fence, began, last = unpack(redis.call('HMGET', KEYS[3], 'fence', 'began', 'last'))
-- What another program wrote there names no entry.
if not string.match(last or '', '^%d+%-%d+$') then
  local time = redis.call('TIME')
  last = string.format('%.0f-0', math.max(time[1] * 1000 - tonumber(ARGV[4]), 0))
end
local from = last
if fence == ARGV[1] then from = ARGV[2] ~= '' and ARGV[2] or string.match(began or '', '^%d+%-%d+$') or last end
local entries = redis.call('XRANGE', KEYS[2], '(' .. from, '+', 'COUNT', ARGV[3])
local newest = #entries > 0 and entries[#entries][1] or from
if fence ~= ARGV[1] then
  redis.call('HSET', KEYS[3], 'fence', ARGV[1], 'began', from, 'last', newest)
elseif #entries > 0 then
  redis.call('HSET', KEYS[3], 'last', newest)
end
return {'taken', unpack(entries)}
