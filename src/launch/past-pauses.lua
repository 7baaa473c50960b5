-- Functions for scripts that end pauses: put this file before theirs.

-- A leader that comes later must know which ticks passed during a pause. Of more pauses than this the oldest is forgotten.
local PAST_PAUSES = 20

-- When the pause that a control holds ends by itself (epoch ms), or nil. The value is that of controls.ts.
local function ends_at(standing)
  local until_ms = tonumber(string.match(standing, '\n{.*"untilMs":(%d+)') or '')
  return until_ms
end

-- Takes the pause of the job away, and remembers it. It lasted until its own end where that has passed.
local function end_pause(controls, job, standing, now)
  redis.call('HDEL', controls, 'pause:' .. job)
  local from = string.match(standing, '^%d+')
  if not from then return end
  local spans = {}
  for span in string.gmatch(redis.call('HGET', controls, 'paused:' .. job) or '', '%d+%-%d+') do
    table.insert(spans, span)
  end
  local ended = math.max(math.min(now, ends_at(standing) or now), tonumber(from))
  table.insert(spans, from .. '-' .. string.format('%.0f', ended))
  if #spans > PAST_PAUSES then table.remove(spans, 1) end
  redis.call('HSET', controls, 'paused:' .. job, table.concat(spans, ','))
end
