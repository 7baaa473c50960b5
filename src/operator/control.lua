-- Writes down what an operator asks for: the command itself, and who gave it.
--
-- Follows request.lua and past-pauses.lua.
--
-- KEYS  1 controls   2 cursors   3 leader   4 audit   5 the job's history (the audit again where there is no job)
--       6 request
-- ARGV  1 action   2 job ('' for none)   3 who   4 how many entries the audit keeps
--       5 tick (skip-next; epoch ms) or term (stepdown)   6 for how long the answer is kept (ms)
--       7 what else a pause holds (controls.ts, '' for nothing)   8 its reason   9 when it ends by itself (epoch ms; '' for no such thing)
--       10 channel for wakeups
-- Returns `{'done', value}` or why not, with a value: `{'already', ...}`, `{'not there', ''}`, `{'decided', cursor}`,
--         `{'no leader', ''}`, `{'over', term of the leader}`,
--         `{'reused', what the request id was used for}`
--
-- A request that was answered before is given the same answer and not carried out again. Of skip-next only the answer
-- 'done' counts: the client asks for one tick after the other until one is not decided and not skipped yet.
--
-- The version of the controls grows with each of them. A launch whose plan knew an older version is void (launcher.ts), so
-- once this script has answered, no later launch can be against the command.
--
-- Why atomic: two operators may act at the same time, and a tick may be decided meanwhile.

-- The next record of a replica trims the history (history.ts).
local HISTORY_CEILING = 100000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local action, job, who, tick = ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local given = answer_given(KEYS[6], action, job)
if given then return given end
local pause, skip = 'pause:' .. job, 'skip:' .. job

-- The ticks that are to be skipped and are not decided yet.
local function skips(cursor)
  local ticks = {}
  for at in string.gmatch(redis.call('HGET', KEYS[1], skip) or '', '%d+') do
    if tonumber(at) > cursor then table.insert(ticks, at) end
  end
  return ticks
end

local act = {}

function act.pause()
  local standing = redis.call('HGET', KEYS[1], pause)
  if standing then return 'already', standing end
  -- The details begin on a line of their own.
  redis.call('HSET', KEYS[1], pause, now .. ' ' .. string.gsub(who, '%c', ' ') .. ARGV[7])
  return 'done', tostring(now)
end

function act.resume()
  local standing = redis.call('HGET', KEYS[1], pause)
  if not standing then return 'not there', '' end
  end_pause(KEYS[1], job, standing, now)
  return 'done', standing
end

act['skip-next'] = function()
  local cursor = tonumber(redis.call('HGET', KEYS[2], job) or '0')
  if cursor >= tonumber(tick) then return 'decided', tostring(cursor) end
  local ticks = skips(cursor)
  for _, at in ipairs(ticks) do
    if at == tick then return 'already', tick end
  end
  table.insert(ticks, tick)
  redis.call('HSET', KEYS[1], skip, table.concat(ticks, ','))
  return 'done', tick
end

act['keep-next'] = function()
  local ticks = skips(tonumber(redis.call('HGET', KEYS[2], job) or '0'))
  redis.call('HDEL', KEYS[1], skip)
  if #ticks == 0 then return 'not there', '' end
  return 'done', table.concat(ticks, ',')
end

function act.stepdown()
  local term, ended = unpack(redis.call('HMGET', KEYS[3], 'term', 'ended'))
  if not term or ended then return 'no leader', '' end
  -- Another replica leads by now: it was not asked to step down.
  if term ~= ARGV[5] then return 'over', term end
  redis.call('HSET', KEYS[1], 'stepdown', term, 'stepdownBy', who)
  return 'done', term
end

local outcome, value = act[action]()
if outcome == 'done' then
  redis.call('HINCRBY', KEYS[1], 'version', 1)
  local record = {'action', action, 'at', now, 'by', who, 'job', job}
  if action == 'skip-next' or action == 'keep-next' then
    table.insert(record, 'ticks')
    table.insert(record, value)
  end
  if action == 'pause' then
    for i, name in ipairs({'reason', 'pausedUntil'}) do
      if ARGV[7 + i] ~= '' then
        table.insert(record, name)
        table.insert(record, ARGV[7 + i])
      end
    end
  end
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', unpack(record))
  if job ~= '' then redis.call('XADD', KEYS[5], 'MAXLEN', '~', HISTORY_CEILING, '*', unpack(record)) end
  -- Only a wakeup: a user without the right to publish may act all the same.
  redis.pcall('PUBLISH', ARGV[10], 'orders')
end
if action ~= 'skip-next' or outcome == 'done' then
  give_answer(KEYS[6], ARGV[6], action, job, outcome, value)
end
return {outcome, value}
