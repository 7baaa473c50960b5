-- Takes the lease if it is free, or if its holder's process has exited. It opens the next term with it. (After term.lua.)
--
-- KEYS  1 lease   2 term   3 leader   4 terms   5 generation   6 generations   7 lineage
-- ARGV  1 replica   2 token, new for each bid   3 ttl in ms   4 channel for wakeups   5 how many terms the record keeps
--       6 prefix of the replicas' own channels
--       7 number of the term whose leader may be replaced because its process has exited, '0' for none
--       8 generation of the configuration that the replica carries   9 newest term that it knows of
--       10 the store's last error to the bidder, '' when it answered   11 since when (ms ago)
-- Returns
--   {'elected', seen, number, since, beginning...}   beginning: reason, previous ('' where there is none), vacant ms (-1
--       when there was no leader before), cause as JSON ('' where it is not recorded)
--   {'held', seen, ms until the lease ends, replica, number, since, presence, beginning...}   another replica holds it;
--       presence is 'there', 'gone' (no client is subscribed to its channel) or 'unknown' (it never was, on this server)
--   {'outdated', seen, generation, ms}   it is free, but another generation of the configuration has priority: a higher one;
--       or a lower one for the next ms, because leaders of the bidder's generation failed
--   seen: 1 when this server sees the bidder on its own channel. A server that does not, after a failover for example,
--       does not have the presences, so it cannot know the leader's either.
--
-- Why atomic: lease and term must change together. A lease without its term would leave an older leader able to write;
-- a term without its lease would fence a leader without a successor. A bid that is repeated because its answer was lost
-- finds its own token and gets the same answer again.

local now = nowMs()
local ttl = tonumber(ARGV[3])
local holder = redis.call('GET', KEYS[1])
local last = readRecord(KEYS[3])
local seen = sees(ARGV[6], ARGV[1])
local mine = tonumber(ARGV[8])
local keys = {
  term = KEYS[2], leader = KEYS[3], terms = KEYS[4], generation = KEYS[5], generations = KEYS[6],
  lineage = KEYS[7],
}

if holder == ARGV[2] and redis.call('GET', KEYS[2]) == (last.term or '') .. ':' .. ARGV[2] then
  redis.call('PEXPIRE', KEYS[1], ttl)
  return sameTerm(KEYS[3], last, ttl, seen, now)
end

local all = readGenerations(keys)
if holder and holder ~= ARGV[2] then
  local presence = presenceOf(last, KEYS[3], ARGV[6], seen, now)
  local isOver = presence == 'gone' and ARGV[7] == last.term
  if isOver then judge(keys, all, last, now) end
  if not isOver or preferredTo(all, mine, now) then
    noteBid(keys, all, mine, tonumber(last.generation or ''), ARGV[4], now)
    -- The server's clock may have stepped back: no lease is longer than it was granted for.
    local ends, granted = redis.call('PTTL', KEYS[1]), tonumber(last.ttl or ttl)
    if ends < 0 or ends > granted then
      redis.call('PEXPIRE', KEYS[1], granted)
      ends = granted
    end
    return {
      'held', seen, ends, last.replica or '', tonumber(last.term or '0'), tonumber(last.since or '0'), presence,
      beginningOf(last),
    }
  end
  last.ended, last.endedAt = 'crashed', last.goneAt
else
  judge(keys, all, last, now)
end

local other = preferredTo(all, mine, now)
if other then
  noteBid(keys, all, mine, nil, ARGV[4], now)
  return {'outdated', seen, other, other > mine and 0 or backOffOf(all, mine, now)}
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl)
return openTerm(keys, all, last, {
  replica = ARGV[1], token = ARGV[2], ttl = ttl, channel = ARGV[4], kept = ARGV[5], seen = seen, generation = mine,
  known = tonumber(ARGV[9]), store = 'redis', away = ARGV[10], awayMs = ARGV[11],
}, now)
