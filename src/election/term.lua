-- What the scripts share that open terms: it is put in front of them. Declares functions and runs nothing.

local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The token in the value of the fence, or nil.
local function tokenOf(fence)
  return string.match(fence or '', '^%d+:(.*)$')
end

local ENDS = {resigned = true, crashed = true, expired = true}
local NUMBERS = {'term', 'since', 'until', 'ttl', 'vacant', 'goneAt', 'endedAt', 'generation', 'yieldTo', 'alive'}

-- The record of the newest term's leader, as a table. It is empty when there is none, or when another program wrote
-- into it: that must not block the election. The fence does not depend on it.
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

-- By replica, 1 when this server sees it subscribed to its own channel, otherwise 0. A server that does not see the bidder
-- is not where presences are, after a failover for example, and says nothing about the others' either.
local function presences(channels, replicas)
  local names, found = {}, {}
  for _, replica in ipairs(replicas) do table.insert(names, channels .. replica) end
  local counts = redis.call('PUBSUB', 'NUMSUB', unpack(names))
  for i, replica in ipairs(replicas) do found[replica] = math.min(counts[2 * i], 1) end
  return found
end

local function sees(channels, replica)
  return presences(channels, {replica})[replica]
end

-- Notes that the leader can be seen by now. It may have been elected before it had subscribed, and followers notice
-- only the end of a presence that they saw. The reverse is not noted: a leader that dies renews nothing more.
local function noteSeen(key, channels, replica)
  local seen = sees(channels, replica)
  if seen == 1 then redis.call('HSET', key, 'announced', 1) end
  return seen
end

-- Whether the process of the recorded leader is there: 'there', 'gone' (no client is subscribed to its channel) or
-- 'unknown' (it never was, or this server does not see the bidder). Notes when the process was first missing. A record
-- that was deleted, and that a renewal began again, names no leader.
-- there: from presences; seen: of the bidder
local function presenceOf(record, key, there, seen, now)
  if not record.replica or record.announced ~= '1' or seen == 0 then return 'unknown' end
  if there[record.replica] == 1 then
    if record.goneAt then redis.call('HDEL', key, 'goneAt') end
    return 'there'
  end
  if not record.goneAt then
    record.goneAt = now
    redis.call('HSET', key, 'goneAt', now)
  end
  return 'gone'
end

-- Generations. The floor is the highest one whose leader has proven itself; lower ones never lead again. For each
-- generation above it, 'seen:<g>' says when a replica of it bid last. 'failed:<g>' says how often its leaders failed
-- before they had proven themselves, and until when it is passed over for that.

-- A bid counts as a wish to lead for this long, and is written down this often.
local WISH_MS, NOTE_MS = 3000, 1000
local BACK_OFF_MS, BACK_OFF_LIMIT_MS = 30000, 300000

-- keys: generation, generations
local function readGenerations(keys)
  local all = {floor = tonumber(redis.call('GET', keys.generation) or '') or -1, seen = {}, failed = {}}
  local fields = redis.call('HGETALL', keys.generations)
  for i = 1, #fields, 2 do
    local kind, number = string.match(fields[i], '^(%a+):(%d+)$')
    local first, second = string.match(fields[i + 1], '^(%d+) ?(%d*)$')
    -- What another program wrote is passed over; longer numbers than these are not exact.
    if not first or not number or #number > 15 or #first > 15 or #second > 15 then kind = nil end
    if kind == 'seen' then all.seen[tonumber(number)] = tonumber(first) end
    if kind == 'failed' and second ~= '' then
      all.failed[tonumber(number)] = {count = tonumber(first), ends = tonumber(second)}
    end
  end
  return all
end

-- For how long the generation is still passed over. More than the limit: the server's clock has stepped back since.
local function backOffOf(all, generation, now)
  local failed = all.failed[generation]
  local left = failed and failed.ends - now or 0
  return left > 0 and left <= BACK_OFF_LIMIT_MS and left or 0
end

local function isThere(all, generation, now)
  return generation >= all.floor and math.abs(now - (all.seen[generation] or 0)) < WISH_MS
    and backOffOf(all, generation, now) == 0
end

-- The highest generation above `mine` that leads instead of it, or nil.
local function higherThan(all, mine, now)
  local best = all.floor > mine and all.floor or nil
  for generation in pairs(all.seen) do
    if generation > (best or mine) and isThere(all, generation, now) then best = generation end
  end
  return best
end

-- The generation that a bid of `mine` makes way for, or nil: a higher one; or, after failures of mine, any that is there.
local function preferredTo(all, mine, now)
  local best = higherThan(all, mine, now)
  if best or backOffOf(all, mine, now) == 0 then return best end
  for generation in pairs(all.seen) do
    if generation ~= mine and generation > (best or -1) and isThere(all, generation, now) then best = generation end
  end
  return best
end

-- Writes down that a replica of the generation bids, and wakes a leader (nil: there is none) that carries a lower one.
local function noteBid(keys, all, mine, leading, channel, now)
  if math.abs(now - (all.seen[mine] or 0)) < NOTE_MS then return end
  all.seen[mine] = now
  redis.call('HSET', keys.generations, string.format('seen:%d', mine), string.format('%d', now))
  if leading and mine > leading and backOffOf(all, mine, now) == 0 then redis.call('PUBLISH', channel, 'generation') end
end

local function noteFailure(keys, all, generation, now)
  if generation <= all.floor then return end
  local count = (all.failed[generation] and all.failed[generation].count or 0) + 1
  local ends = now + math.min(BACK_OFF_MS * 2 ^ (count - 1), BACK_OFF_LIMIT_MS)
  all.failed[generation] = {count = count, ends = ends}
  redis.call('HSET', keys.generations, string.format('failed:%d', generation), string.format('%d %d', count, ends))
end

-- To be called when the recorded term has ended. A leader that ended before it had proven itself is a failure of its
-- generation, once, unless it made way for a higher one.
local function judge(keys, all, last, now)
  local generation = tonumber(last.generation or '')
  if not generation or last.judged or last.proven == '1' or last.yieldTo then return end
  last.judged = '1'
  redis.call('HSET', keys.leader, 'judged', 1)
  noteFailure(keys, all, generation, now)
end

-- What a renewal notes of the leader's generation. Returns the generation that it has to make way for, or nil.
local function carry(keys, all, mine, isProven, now)
  redis.call('HSET', keys.leader, 'generation', mine, 'proven', isProven and 1 or 0)
  if isProven and (mine > all.floor or all.failed[mine]) then
    redis.call('SET', keys.generation, string.format('%d', math.max(mine, all.floor)))
    all.floor = math.max(mine, all.floor)
    for generation in pairs(all.seen) do
      if generation <= mine then redis.call('HDEL', keys.generations, string.format('seen:%d', generation)) end
    end
    for generation in pairs(all.failed) do
      if generation <= mine then redis.call('HDEL', keys.generations, string.format('failed:%d', generation)) end
    end
  end
  local higher = higherThan(all, mine, now)
  -- Written before the leader resigns: whether the other one took its turn is judged when the next term begins.
  if higher then
    redis.call('HSET', keys.leader, 'yieldTo', string.format('%d', higher))
  else
    redis.call('HDEL', keys.leader, 'yieldTo')
  end
  return higher
end

-- The last moment at which the recorded leader could launch. One that resigned says so itself. Of every other one it is
-- its last sign of life: it launched, or read the controls. A leader of a release before 'alive' has only its lease.
local function ableUntil(last)
  local alive = tonumber(last.alive or '')
  if last.ended == 'resigned' and last.able ~= '0' then return math.max(tonumber(last.endedAt), alive or 0) end
  return alive or tonumber(last.ended and last.endedAt or last['until'])
end

-- Why the recorded term ended, as a table: what its leader wrote, otherwise what can be seen here.
--
-- away, awayMs: the last error of the store for the bidder, and how long it had given no answer; '' and 0.
local function causeOf(last, store, away, awayMs, now)
  if not last.replica then return {cause = 'first'} end
  if last.ended == 'crashed' then
    return {cause = tonumber(last.alive or '0') > tonumber(last.endedAt) and 'presence-lost' or 'process-gone'}
  end
  if last.ended then
    local isJson, told = pcall(cjson.decode, last.endCause or '')
    return isJson and type(told) == 'table' and told or {cause = 'unknown'}
  end
  local ttl, left = tonumber(last.ttl or '0'), tonumber(last['until']) - now
  if left > 0 and last.store and last.store ~= store then return {cause = 'fenced'} end
  -- The store was away for the bidder when it was for the leader.
  if away ~= '' and math.abs(now - awayMs - ableUntil(last)) <= ttl + 1000 then
    return {cause = 'store-away', error = away}
  end
  return {cause = left > ttl / 2 and 'lease-removed' or 'silent'}
end

-- How the term of the record began, as campaign.lua returns it behind the term.
local function beginningOf(record)
  return record.reason or '', record.previous or '', tonumber(record.vacant or '-1'), record.cause or ''
end

-- A bid, from the keys and arguments that campaign.lua and open.lua begin with.
--
-- KEYS  1 term   2 leader   3 terms   4 generation   5 generations   6 lineage
-- ARGV  1 replica   2 token, new for each bid   3 ttl in ms   4 generation of the configuration that the replica carries
--       5 newest term that it knows of   6 the store's last error to the bidder, '' when it answered   7 since when (ms ago)
--       8 channel for wakeups   9 prefix of the replicas' own channels   10 how many terms the record keeps
-- Whether the bidder is seen is not among it: `seen` is to be set.
local function bidOf(keys, args)
  return {
    term = keys[1], leader = keys[2], terms = keys[3], generation = keys[4], generations = keys[5], lineage = keys[6],
  }, {
    replica = args[1], token = args[2], ttl = tonumber(args[3]), generation = tonumber(args[4]),
    known = tonumber(args[5]), away = args[6], awayMs = tonumber(args[7]), channel = args[8], channels = args[9],
    kept = tonumber(args[10]),
  }
end

-- Opens the term after `last`: the fence, the record, the list of terms, the notice. Returns what a bid is answered.
-- keys, bid: from bidOf; all: from readGenerations; store: the kind of the store that the lease is in
local function openTerm(keys, all, last, bid, store, now)
  local fence = redis.call('GET', keys.term)
  local newest = tonumber(fence and string.match(fence, '^(%d+):') or '0')
  -- Redis may have lost its count, when it was emptied for example. Numbers do not go back for replicas that remember,
  -- nor after these have put back what they know (put-back.lua).
  local kept = string.match(redis.call('HGET', keys.lineage, 'term') or '', '^%d+$') or '0'
  newest = math.max(newest, bid.known, #kept > 15 and 0 or tonumber(kept))
  local number = string.format('%d', math.max(newest, tonumber(last.term or '0')) + 1)
  local reason, previous, vacant = 'vacant', '', -1
  if last.replica then
    previous = last.replica
    reason = last.ended or 'expired'
    vacant = math.max(now - ableUntil(last), 0)
  end
  local cause = causeOf(last, store, bid.away, bid.awayMs, now)

  -- A leader made way for a generation that did not take its turn: it must not depose one again and again.
  local yielded = tonumber(last.yieldTo or '')
  if yielded and yielded > bid.generation then noteFailure(keys, all, yielded, now) end
  -- Who leads does not wish to lead; its generation is there when another replica of it bids.
  redis.call('HDEL', keys.generations, string.format('seen:%d', bid.generation))

  redis.call('SET', keys.term, number .. ':' .. bid.token)
  redis.call('DEL', keys.leader)
  redis.call('HSET', keys.leader, 'replica', bid.replica, 'term', number, 'since', now, 'until', now + bid.ttl,
    'reason', reason, 'previous', previous, 'vacant', vacant, 'announced', bid.seen, 'ttl', bid.ttl,
    'generation', bid.generation, 'proven', 0, 'store', store, 'alive', now, 'cause', cjson.encode(cause))
  redis.call('LPUSH', keys.terms, cjson.encode({
    term = tonumber(number), replica = bid.replica, since = now, reason = reason, previous = previous, vacantMs = vacant,
    cause = cause,
  }))
  redis.call('LTRIM', keys.terms, 0, bid.kept - 1)
  redis.call('PUBLISH', bid.channel, 'elected')
  return {'elected', bid.seen, tonumber(number), now, reason, previous, vacant, cjson.encode(cause)}
end

-- Whether the bid has opened the term that is in force.
local function isInForce(keys, last, bid)
  return redis.call('GET', keys.term) == (last.term or '') .. ':' .. bid.token
end

-- The answer for a bid that is repeated although its term is in force.
local function sameTerm(keys, last, bid, now)
  redis.call('HSET', keys.leader, 'until', now + bid.ttl)
  redis.call('HDEL', keys.leader, 'ended', 'endedAt', 'endCause', 'able')
  return {'elected', bid.seen, tonumber(last.term), tonumber(last.since), beginningOf(last)}
end
