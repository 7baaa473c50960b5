-- Takes the lease if it is free and opens the next term with it.
--
-- KEYS  1 lease   2 term   3 leader   4 terms
-- ARGV  1 replica   2 token, new for each bid   3 ttl in ms   4 channel   5 how many terms the record keeps
-- Returns
--   {'elected', number, reason, previous, vacant ms}            previous '' and vacant -1: not known
--   {'held', ms until the lease ends, replica, number, since}   somebody else holds it
--
-- Why atomic: lease and term must change together. A lease without its term would leave an older leader able
-- to write; a term without its lease would fence a leader that nobody replaces.
-- A bid that is repeated because its answer was lost finds its own token and gets the same answer again.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl = tonumber(ARGV[3])
local holder = redis.call('GET', KEYS[1])
local fence = redis.call('GET', KEYS[2])
local last = redis.call('HMGET', KEYS[3], 'replica', 'term', 'since', 'until', 'ended', 'endedAt', 'reason', 'previous', 'vacant')

if holder == ARGV[2] and fence == (last[2] or '') .. ':' .. ARGV[2] then
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('HSET', KEYS[3], 'until', now + ttl)
  return {'elected', tonumber(last[2]), last[7], last[8], tonumber(last[9])}
end
if holder and holder ~= ARGV[2] then
  return {'held', redis.call('PTTL', KEYS[1]), last[1] or '', tonumber(last[2] or '0'), tonumber(last[3] or '0')}
end

local number = math.max(tonumber(fence and string.match(fence, '^(%d+):') or '0'), tonumber(last[2] or '0')) + 1
local reason, previous, vacant = 'vacant', '', -1
if last[1] then
  previous = last[1]
  if last[5] then
    reason, vacant = last[5], now - tonumber(last[6])
  else
    reason, vacant = 'expired', now - tonumber(last[4])
  end
  vacant = math.max(vacant, 0)
end

redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl)
redis.call('SET', KEYS[2], string.format('%d', number) .. ':' .. ARGV[2])
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[3], 'replica', ARGV[1], 'term', string.format('%d', number), 'since', now, 'until', now + ttl,
  'reason', reason, 'previous', previous, 'vacant', vacant)
redis.call('LPUSH', KEYS[4], cjson.encode({
  term = number, replica = ARGV[1], since = now, reason = reason, previous = previous, vacantMs = vacant,
}))
redis.call('LTRIM', KEYS[4], 0, tonumber(ARGV[5]) - 1)
redis.call('PUBLISH', ARGV[4], 'elected')
return {'elected', number, reason, previous, vacant}
