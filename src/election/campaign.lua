-- Takes a lease in this Redis if it is free, or if its holder's process has exited. It opens the next term with it. (After
-- term.lua and watchers.lua.)
--
-- KEYS  1 to 6 as bidOf of term.lua   7 lease   8 watchers
-- ARGV  1 to 10 as bidOf of term.lua
--       11 number of the term whose leader may be replaced because its process has exited, '0' for none
-- Returns
--   {'elected', seen, number, since, beginning...}   beginning: reason, previous ('' where there is none), vacant ms (-1
--       when there was no leader before), cause as JSON ('' where it is not recorded)
--   {'held', seen, ms until the lease ends, replica, number, since, presence, watcher, beginning...}   another replica holds
--       it; presence is 'there', 'gone' (no client is subscribed to its channel) or 'unknown' (it never was, on this server);
--       watcher: 1 when the bidder is one of those that check the presence often, otherwise 0
--   {'outdated', seen, generation, ms}   it is free, but another generation of the configuration has priority: a higher one;
--       or a lower one for the next ms, because leaders of the bidder's generation failed
--   seen: 1 when this server sees the bidder on its own channel. A server that does not, after a failover for example,
--       does not have the presences, so it cannot know the leader's either.
--
-- Why atomic: lease and term change together, so no replica waits for a lease that has no term. A bid that is repeated
-- because its answer was lost finds its own token and gets the same answer again.

local now = nowMs()
local keys, bid = bidOf(KEYS, ARGV)
local lease, mine = KEYS[7], bid.generation
local holder = redis.call('GET', lease)
local last = readRecord(keys.leader)
local watchers = readWatchers(KEYS[8], last.replica, now)
local there = presences(bid.channels, concerned(bid.replica, last.replica, watchers))
bid.seen = there[bid.replica]

if holder == bid.token and isInForce(keys, last, bid) then
  redis.call('PEXPIRE', lease, bid.ttl)
  return sameTerm(keys, last, bid, now)
end

local all
if holder and holder ~= bid.token then
  local presence = presenceOf(last, keys.leader, there, bid.seen, now)
  local isOver = presence == 'gone' and ARGV[11] == last.term
  local watcher = watch(KEYS[8], watchers, there, bid.replica, mine, now)
  local leading = tonumber(last.generation or '')
  -- Of the leader's generation the watchers are enough to show that it is there.
  if isOver or watcher == 1 or mine > (leading or -1) then all = readGenerations(keys) end
  if isOver then judge(keys, all, last, now) end
  if not isOver or preferredTo(all, mine, now) then
    if all then noteBid(keys, all, mine, leading, bid.channel, now) end
    -- The server's clock may have stepped back: no lease is longer than it was granted for.
    local ends, granted = redis.call('PTTL', lease), tonumber(last.ttl or bid.ttl)
    if ends < 0 or ends > granted then
      redis.call('PEXPIRE', lease, granted)
      ends = granted
    end
    return {
      'held', bid.seen, ends, last.replica or '', tonumber(last.term or '0'), tonumber(last.since or '0'), presence,
      watcher, beginningOf(last),
    }
  end
  last.ended, last.endedAt = 'crashed', last.goneAt
else
  all = readGenerations(keys)
  judge(keys, all, last, now)
end

local other = preferredTo(all, mine, now)
if other then
  noteBid(keys, all, mine, nil, bid.channel, now)
  return {'outdated', bid.seen, other, other > mine and 0 or backOffOf(all, mine, now)}
end
redis.call('SET', lease, bid.token, 'PX', bid.ttl)
return openTerm(keys, all, last, bid, 'redis', now)
