-- Reads a queue: whether it makes progress, which of its runs have waited longest, and where some runs are.
--
-- KEYS  1 BullMQ's meta of the queue
-- ARGV  1 prefix of BullMQ's keys of the queue   2 how many of the longest waiting runs   3 how many of the runs that are
--       asked for may be searched for in the lists   then the ids of the runs that are asked for
-- Returns {{paused, ms that a rate limit still lasts, active runs, when a run was last started or ended (epoch ms)},
--          how many runs waited longest, then these and those that were asked for as {id, name, state, waiting since, started}}
--   state    'waiting', 'delayed', 'active', 'finished', 'gone' (BullMQ does not have it), 'nowhere' (BullMQ has it, and it
--            is in none of the lists that a worker reads), 'unknown' (not searched for, or the list is too long)
--   started  '1' when an attempt has begun; then it is unknown since when it waits
--
-- Why atomic: a run that moves from one list to another would be in none of them.
--
-- Writes nothing. Keys that another program overwrote count as empty: pcall. What it costs does not grow with the queue: a
-- list is searched from the end that workers take from, and no further than this.

local SEARCHED = 10000
-- Longest waiting entries without a run behind them are passed over.
local PASSED = 10

local prefix, few, searches = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function ask(command, name, ...)
  local reply = redis.pcall(command, prefix .. name, ...)
  if type(reply) == 'table' and reply.err then return nil end
  return reply
end

local function count(command, name)
  return ask(command, name) or 0
end

local function best_score(name)
  local newest = ask('ZREVRANGE', name, 0, 0, 'WITHSCORES') or {}
  return tonumber(newest[2] or '0') or 0
end

local function last_move()
  local moved = math.max(best_score('completed'), best_score('failed'))
  for _, id in ipairs(ask('LRANGE', 'active', 0, 9) or {}) do
    local started = ask('HGET', id, 'processedOn')
    moved = math.max(moved, tonumber(started or '0') or 0)
  end
  return moved
end

-- nil where the list is longer than what was searched.
local function is_listed(name, id)
  if ask('LPOS', name, id, 'RANK', -1, 'MAXLEN', SEARCHED) then return true end
  if count('LLEN', name) > SEARCHED then return nil end
  return false
end

local LISTS = {{'wait', 'waiting'}, {'paused', 'waiting'}, {'active', 'active'}}
local SETS = {
  {'delayed', 'delayed'}, {'prioritized', 'waiting'}, {'waiting-children', 'delayed'},
  {'completed', 'finished'}, {'failed', 'finished'},
}

local function place_of(id)
  if redis.call('EXISTS', prefix .. id .. ':lock') == 1 then return 'active' end
  for _, set in ipairs(SETS) do
    if ask('ZSCORE', set[1], id) then return set[2] end
  end
  if searches <= 0 then return 'unknown' end
  searches = searches - 1
  local place = 'nowhere'
  for _, list in ipairs(LISTS) do
    local listed = is_listed(list[1], id)
    if listed then return list[2] end
    if listed == nil then place = 'unknown' end
  end
  return place
end

local function describe(id, state)
  local fields = ask('HMGET', id, 'name', 'timestamp', 'delay', 'processedOn', 'finishedOn') or {}
  local name, added, delay, started, ended = unpack(fields, 1, 5)
  if not added then return {id, '', 'gone', '0', ''} end
  if ended then return {id, name or '', 'finished', added, ''} end
  local since = string.format('%.0f', (tonumber(added) or 0) + (tonumber(delay or '0') or 0))
  return {id, name or '', state or place_of(id), since, started and '1' or ''}
end

local runs = {}
local function add_waiting(ids)
  local left = few
  for _, id in ipairs(ids) do
    local run = left > 0 and describe(id, 'waiting')
    if run and run[3] == 'waiting' then
      table.insert(runs, run)
      left = left - 1
    end
  end
end

for _, name in ipairs({'wait', 'paused'}) do
  local tail, ids = ask('LRANGE', name, -PASSED, -1) or {}, {}
  for i = #tail, 1, -1 do table.insert(ids, tail[i]) end
  add_waiting(ids)
end
add_waiting(ask('ZRANGE', 'prioritized', 0, PASSED - 1) or {})

local reply = {
  {
    tostring(ask('HEXISTS', 'meta', 'paused') or 0), tostring(math.max(count('PTTL', 'limiter'), 0)),
    tostring(count('LLEN', 'active')), string.format('%.0f', last_move()),
  },
  #runs,
}
for _, run in ipairs(runs) do table.insert(reply, run) end
for i = 4, #ARGV do table.insert(reply, describe(ARGV[i])) end
return reply
