-- Says what Redis knows of the replica that holds a lease elsewhere, and notes its end when it is to be replaced because
-- its process has exited. (After term.lua and watchers.lua.)
--
-- KEYS  1 leader   2 watchers
-- ARGV  1 claim of the holder   2 prefix of the replicas' own channels
--       3 number of the term whose leader may be replaced because its process has exited, '0' for none
--       4 the replica that asks, '' when it does not bid   5 the replica that holds the lease
--       6 generation of the configuration of the replica that asks
-- Returns
--   {'unopened', seen, presence}   the record is not of this claim: the replica has opened no term with its lease
--   {'opened', seen, ms until the lease ends, replica, number, since, presence, watcher, 1 when it is to be replaced or 0,
--       beginning...}   as campaign.lua
--
-- Why atomic: only the leader that was found gone may be marked as crashed, not the one after it.

local now = nowMs()
local last = readRecord(KEYS[1])
local replica = ARGV[4]
local watchers = readWatchers(KEYS[2], ARGV[5], now)
local there = presences(ARGV[2], concerned(replica, ARGV[5], watchers))
local seen = there[replica]
if last.claim ~= ARGV[1] then
  local presence = 'unknown'
  if seen == 1 then presence = there[ARGV[5]] == 1 and 'there' or 'gone' end
  return {'unopened', seen, presence}
end
if last.replica and last.replica ~= ARGV[5] then there[last.replica] = sees(ARGV[2], last.replica) end
local presence = presenceOf(last, KEYS[1], there, seen, now)
local watcher = replica == '' and 0 or watch(KEYS[2], watchers, there, replica, tonumber(ARGV[6]), now)
local replace = presence == 'gone' and ARGV[3] == last.term
if replace and not last.ended then redis.call('HSET', KEYS[1], 'ended', 'crashed', 'endedAt', last.goneAt) end
local ends = math.min(math.max(tonumber(last['until']) - now, 0), tonumber(last.ttl))
return {
  'opened', seen, ends, last.replica, tonumber(last.term), tonumber(last.since), presence, watcher,
  replace and 1 or 0,
  beginningOf(last),
}
