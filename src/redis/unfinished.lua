-- Which run of a job may not have ended. Functions for other scripts: put this file before them.
--
-- The key {ns}/unfinished/<job> names BullMQ's hash of the newest run that was launched or started for a job whose runs
-- must not overlap. Whether that run has ended is read from the hash itself, which BullMQ keeps right however the run
-- ends, is retried or removed. BullMQ's keys are only read. On Redis Cluster they are in the same slot: they have the namespace's hash tag.

-- A value of another type was written by another program; it names no run.
local function text_of(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and value or nil
end

-- The run's id: BullMQ's keys are <prefix><id>. A run in a queue that the job had before is one of ours, and its id has no
-- colon.
local function id_of(run_key, prefix)
  if string.sub(run_key, 1, #prefix) == prefix then return string.sub(run_key, #prefix + 1) end
  return string.match(run_key, '([^:]+)$') or run_key
end

-- 'unfinished', 'finished' or 'gone'; when it was added and when it ended (epoch ms, '' where unknown). A retry from
-- outside takes the end away.
local function state_of(run_key)
  local fields = redis.pcall('HMGET', run_key, 'timestamp', 'finishedOn')
  local added, finished = fields[1], fields[2]
  if finished then return 'finished', added or '', finished end
  if added then return 'unfinished', added, '' end
  return 'gone', '', ''
end

-- Some entries back: the end of a run is recorded before much else happens to its job.
local function is_end_recorded(history, run)
  local entries = redis.pcall('XREVRANGE', history, '+', '-', 'COUNT', 100)
  for _, entry in ipairs(entries) do
    local names = {}
    for i = 1, #entry[2], 2 do names[entry[2][i]] = entry[2][i + 1] end
    if names.run == run and names.result then return true end
  end
  return false
end

-- The run that is in the way of the job's next one, if any:
--   {'unfinished', id, added, ''}   it has not ended, or it was removed while its handler is at work
--   {'finished', id, added, ended}  it has
--   {'removed', id, '', ''}         BullMQ does not have it any more, and its end is not on record
--   {'none', '', '', ''}            no run is named, or it was cleaned up long after its end
-- `prefix` is that of the job's queue. A release before this one marked its runs with BullMQ's deduplication, under the name
-- of the job; '' for none: in a queue of another program such a mark is of that program.
local function look(unfinished, history, working, prefix, job)
  local run_key = text_of(unfinished)
  local state, added, ended = 'none', '', ''
  if run_key then state, added, ended = state_of(run_key) end
  if state ~= 'unfinished' and job ~= '' then
    local older = text_of(prefix .. 'de:' .. job)
    if older then
      local its_state, its_added = state_of(prefix .. older)
      if its_state == 'unfinished' then return {its_state, older, its_added, ''} end
    end
  end
  if state == 'gone' then
    local run = id_of(run_key, prefix)
    if (text_of(working) or ''):match('^(.*) ') == run_key then return {'unfinished', run, '', ''} end
    if is_end_recorded(history, run) then return {'none', '', '', ''} end
    return {'removed', run, '', ''}
  end
  return {state, run_key and id_of(run_key, prefix) or '', added, ended}
end

-- The next record of a replica trims the history (HISTORY_CEILING in history.ts). A record that cannot be written must not keep anything else from
-- being done: pcall.
local function record_removal(history, run)
  redis.pcall('XADD', history, 'MAXLEN', '~', 100000, '*', 'run', run, 'result', 'removed')
end
