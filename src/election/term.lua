-- What the scripts share that open terms: it is put in front of them. Declares functions and runs nothing.

local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local ENDS = {resigned = true, crashed = true, expired = true}
local NUMBERS = {'term', 'since', 'until', 'ttl', 'vacant', 'goneAt', 'endedAt'}

-- The record of the newest term's leader, as a table; empty when there is none, or when somebody else wrote into it: that
-- would otherwise keep everybody from leading. The fence does not rest on it.
local function readRecord(key)
  local record = {}
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do record[fields[i]] = fields[i + 1] end
  if record.replica and not (record.term and record.since and record['until']) then return {} end
  if record.ended and not (ENDS[record.ended] and record.endedAt) then return {} end
  for _, name in ipairs(NUMBERS) do
    if record[name] and not string.match(record[name], '^-?%d+$') then return {} end
  end
  return record
end

-- 1 when this server sees the replica subscribed to its own channel. A server that does not see the bidder is not where
-- presences are, after a failover for example, and says nothing about the leader's either.
local function sees(channels, replica)
  return math.min(redis.call('PUBSUB', 'NUMSUB', channels .. replica)[2], 1)
end

-- Notes that the leader can be seen by now: it may have been elected before its subscription was there, and followers
-- notice only the end of a presence that there was. Not the other way round: a leader that dies renews nothing more.
local function noteSeen(key, channels, replica)
  local seen = sees(channels, replica)
  if seen == 1 then redis.call('HSET', key, 'announced', 1) end
  return seen
end

-- Whether the process of the recorded leader is there: 'there', 'gone' (nobody is subscribed to its channel) or
-- 'unknown' (it never was, or this server does not see the bidder). Notes when it was first seen to be gone.
local function presenceOf(record, key, channels, seen, now)
  if record.announced ~= '1' or seen == 0 then return 'unknown' end
  if sees(channels, record.replica) == 1 then
    if record.goneAt then redis.call('HDEL', key, 'goneAt') end
    return 'there'
  end
  if not record.goneAt then
    record.goneAt = now
    redis.call('HSET', key, 'goneAt', now)
  end
  return 'gone'
end

-- Announces the generation of the configuration that a bidder or leader carries, and returns the highest one that has
-- been announced: who carries a lower one must not lead.
local function newestGeneration(key, mine, channel)
  local newest = tonumber(redis.call('GET', key) or '') or -1
  if mine <= newest then return newest end
  redis.call('SET', key, string.format('%d', mine))
  redis.call('PUBLISH', channel, 'generation')
  return mine
end

-- Opens the term after `last`: the fence, the record, the list of terms, the notice. Returns what a bid is answered.
-- keys: term, leader, terms     bid: replica, token, ttl, channel, kept, seen
local function openTerm(keys, last, bid, now)
  local fence = redis.call('GET', keys.term)
  local newest = tonumber(fence and string.match(fence, '^(%d+):') or '0')
  local number = string.format('%d', math.max(newest, tonumber(last.term or '0')) + 1)
  local reason, previous, vacant = 'vacant', '', -1
  if last.replica then
    previous = last.replica
    reason = last.ended or 'expired'
    vacant = math.max(now - tonumber(last.ended and last.endedAt or last['until']), 0)
  end

  redis.call('SET', keys.term, number .. ':' .. bid.token)
  redis.call('DEL', keys.leader)
  redis.call('HSET', keys.leader, 'replica', bid.replica, 'term', number, 'since', now, 'until', now + bid.ttl,
    'reason', reason, 'previous', previous, 'vacant', vacant, 'announced', bid.seen, 'ttl', bid.ttl)
  redis.call('LPUSH', keys.terms, cjson.encode({
    term = tonumber(number), replica = bid.replica, since = now, reason = reason, previous = previous, vacantMs = vacant,
  }))
  redis.call('LTRIM', keys.terms, 0, tonumber(bid.kept) - 1)
  redis.call('PUBLISH', bid.channel, 'elected')
  return {'elected', bid.seen, tonumber(number), reason, previous, vacant}
end

-- The answer for a bid that is repeated although its term stands.
local function sameTerm(key, last, ttl, seen, now)
  redis.call('HSET', key, 'until', now + ttl)
  redis.call('HDEL', key, 'ended', 'endedAt')
  return {'elected', seen, tonumber(last.term), last.reason, last.previous, tonumber(last.vacant)}
end
