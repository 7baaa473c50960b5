-- Takes the lease if it is free, or if its holder's process is gone, and opens the next term with it.
--
-- KEYS  1 lease   2 term   3 leader   4 terms
-- ARGV  1 replica   2 token, new for each bid   3 ttl in ms   4 channel for hints   5 how many terms the record keeps
--       6 prefix of the replicas' own channels
--       7 number of the term whose leader may be replaced because its process is gone, '0' for none
-- Returns
--   {'elected', seen, number, reason, previous, vacant ms}      previous '' and vacant -1: not known
--   {'held', seen, ms until the lease ends, replica, number, since, presence}   somebody else holds it; presence
--       is 'there', 'gone' (nobody is subscribed to its channel) or 'unknown' (it never was, on this server)
--   seen: 1 when this server sees the bidder on its own channel. One that does not see the bidder is not where
--       presences are, after a failover for example, and says nothing about the leader's either.
--
-- Why atomic: lease and term must change together. A lease without its term would leave an older leader able
-- to write; a term without its lease would fence a leader that nobody replaces.
-- A bid that is repeated because its answer was lost finds its own token and gets the same answer again.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl = tonumber(ARGV[3])
local holder = redis.call('GET', KEYS[1])
local fence = redis.call('GET', KEYS[2])
local last = {}
local record = redis.call('HGETALL', KEYS[3])
for i = 1, #record, 2 do last[record[i]] = record[i + 1] end

local function subscribers(replica)
  return redis.call('PUBSUB', 'NUMSUB', ARGV[6] .. replica)[2]
end
local seen = math.min(subscribers(ARGV[1]), 1)

if holder == ARGV[2] and fence == (last.term or '') .. ':' .. ARGV[2] then
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('HSET', KEYS[3], 'until', now + ttl)
  return {'elected', seen, tonumber(last.term), last.reason, last.previous, tonumber(last.vacant)}
end

if holder and holder ~= ARGV[2] then
  local presence = 'unknown'
  if last.announced == '1' and seen == 1 then
    presence = subscribers(last.replica) == 0 and 'gone' or 'there'
    if presence == 'there' and last.goneAt then redis.call('HDEL', KEYS[3], 'goneAt') end
    if presence == 'gone' and not last.goneAt then
      last.goneAt = now
      redis.call('HSET', KEYS[3], 'goneAt', now)
    end
  end
  if not (presence == 'gone' and ARGV[7] == last.term) then
    -- The server's clock may have stepped back: no lease is longer than it was granted for.
    local ends, granted = redis.call('PTTL', KEYS[1]), tonumber(last.ttl or ttl)
    if ends < 0 or ends > granted then
      redis.call('PEXPIRE', KEYS[1], granted)
      ends = granted
    end
    return {'held', seen, ends, last.replica or '', tonumber(last.term or '0'), tonumber(last.since or '0'), presence}
  end
  last.ended, last.endedAt = 'crashed', last.goneAt
end

local number = math.max(tonumber(fence and string.match(fence, '^(%d+):') or '0'), tonumber(last.term or '0')) + 1
local reason, previous, vacant = 'vacant', '', -1
if last.replica then
  previous = last.replica
  reason = last.ended or 'expired'
  vacant = math.max(now - tonumber(last.ended and last.endedAt or last['until']), 0)
end

redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl)
redis.call('SET', KEYS[2], string.format('%d', number) .. ':' .. ARGV[2])
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[3], 'replica', ARGV[1], 'term', string.format('%d', number), 'since', now, 'until', now + ttl,
  'reason', reason, 'previous', previous, 'vacant', vacant, 'announced', seen, 'ttl', ttl)
redis.call('LPUSH', KEYS[4], cjson.encode({
  term = number, replica = ARGV[1], since = now, reason = reason, previous = previous, vacantMs = vacant,
}))
redis.call('LTRIM', KEYS[4], 0, tonumber(ARGV[5]) - 1)
redis.call('PUBLISH', ARGV[4], 'elected')
return {'elected', seen, number, reason, previous, vacant}
