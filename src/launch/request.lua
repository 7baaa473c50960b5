-- Requests, for scripts that carry out a command. A client whose answer was lost sends its request again, with the same
-- id; the request is then answered as before and not carried out again.
--
-- The key of a request holds its answer for a while, as JSON: action, job, outcome, value.

-- The answer that the request was given before, or nil. {'reused', what} where the id named another request.
local function answer_given(key, action, job)
  local stored = redis.call('GET', key)
  if not stored then return nil end
  local given = cjson.decode(stored)
  if given.action ~= action or given.job ~= job then return {'reused', given.action .. ' ' .. given.job} end
  return {given.outcome, given.value}
end

local function give_answer(key, kept_ms, action, job, outcome, value)
  local answer = {action = action, job = job, outcome = outcome, value = value}
  redis.call('SET', key, cjson.encode(answer), 'PX', kept_ms)
end
