-- Opens the next term for the replica whose key is the oldest of the election in etcd. (After term.lua.)
--
-- KEYS  1 term   2 leader   3 terms   4 the newest claim   5 generation   6 generations   7 lineage
-- ARGV  1 replica   2 token, new for each bid   3 ttl in ms   4 channel for wakeups   5 how many terms the record keeps
--       6 prefix of the replicas' own channels
--       7 etcd's cluster id   8 create revision of the replica's key   9 the newest claim before the key was created
--       10 generation of the configuration that the replica carries   11 newest term that it knows of
--       12 the store's last error to the bidder, '' when it answered   13 since when (ms ago)
-- Returns {'elected', ...} as campaign.lua, or {'stale'} when another replica's later key has had a term since: this
-- replica's turn has passed.
--
-- A claim is '<cluster id>:<create revision>'. Create revisions of one cluster only grow. So an older one than the
-- newest comes from a replica that was paused between its read of etcd and this script. There are two exceptions.
-- Another cluster counts on its own. And when the newest claim is the same as before the key was created, etcd itself
-- was rebuilt or restored under the same id; refusing would then block every replica.
--
-- Why atomic: between the check of the newest claim and the opening of the term there must be no other opening.

local now = nowMs()
local ttl = tonumber(ARGV[3])
local claim = ARGV[7] .. ':' .. ARGV[8]
local last = readRecord(KEYS[2])
local seen = sees(ARGV[6], ARGV[1])

if last.claim == claim and redis.call('GET', KEYS[1]) == (last.term or '') .. ':' .. ARGV[2] then
  return sameTerm(KEYS[2], last, ttl, seen, now)
end

local newest = redis.call('GET', KEYS[4]) or ''
local cluster, revision = string.match(newest, '^(%d+):(%d+)$')
if cluster == ARGV[7] and tonumber(ARGV[8]) < tonumber(revision) and newest ~= ARGV[9] then
  return {'stale'}
end

redis.call('SET', KEYS[4], claim)
local keys = {
  term = KEYS[1], leader = KEYS[2], terms = KEYS[3], generation = KEYS[5], generations = KEYS[6],
  lineage = KEYS[7],
}
local all = readGenerations(keys)
judge(keys, all, last, now)
local answer = openTerm(keys, all, last, {
  replica = ARGV[1], token = ARGV[2], ttl = ttl, channel = ARGV[4], kept = ARGV[5], seen = seen,
  generation = tonumber(ARGV[10]), known = tonumber(ARGV[11]),
  store = 'etcd', away = ARGV[12], awayMs = ARGV[13],
}, now)
redis.call('HSET', KEYS[2], 'claim', claim)
return answer
