-- How runs ended that other programs work off. Functions for other scripts: put this file before them, behind unfinished.lua and
-- strips.lua.

local ERROR_BYTES = 2000

-- Records an end as a worker does (history.ts, job-summary.ts), with what BullMQ's hash of the run still says; with nil for the history it is
-- only read. `to`: as note_end has it. Returns the end as the caller gets it: {job, run, result, attempts, ms of the last attempt, error}, with '0' where
-- BullMQ has removed the hash.
local function record_end(to, history, kept, job, run, run_key, result, failure)
  local attributes = redis.pcall('HMGET', run_key, 'processedOn', 'finishedOn', 'atm', 'pb', 'failedReason')
  local began, ended, attempts, worker, reason = unpack(attributes, 1, 5)
  local took = math.max((tonumber(ended or '') or 0) - (tonumber(began or '') or math.huge), 0)
  local fields = {'run', run, 'result', result, 'attempts', attempts or '0', 'durationMs', string.format('%.0f', took)}
  local why = ''
  if result == 'failed' then why = string.sub(failure or reason or '', 1, ERROR_BYTES) end
  if worker then table.insert(fields, 'replica'); table.insert(fields, worker) end
  if why ~= '' then table.insert(fields, 'error'); table.insert(fields, why) end
  if history then
    redis.pcall('XADD', history, 'MAXLEN', '~', kept, '*', unpack(fields))
    note_end(to, job, run, result, took)
  end
  return {job, run, result, attempts or '0', string.format('%.0f', took), why}
end
