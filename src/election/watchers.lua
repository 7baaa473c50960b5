-- What the scripts share that answer followers: it is put behind term.lua. Declares functions and runs nothing.
--
-- Of the followers of each generation a few check the leader's presence often, and the others rarely. A follower
-- becomes a watcher by a bid that finds too few. It has to bid again within WATCH_MS, so that one that is frozen or cut off
-- loses its place. One whose process has exited loses it immediately.

local WATCHERS, WATCH_MS, WATCHERS_KEPT_MS = 2, 2500, 60000

-- The watchers that have bid lately, without the leader. What another program wrote names none.
local function readWatchers(key, leader, now)
  local text, watchers = redis.pcall('GET', key), {}
  for at, generation, replica in string.gmatch(type(text) == 'string' and text or '', '(%d+) (%d+) ([^\n]+)\n') do
    if #at <= 15 and #generation <= 15 and replica ~= leader and math.abs(now - tonumber(at)) < WATCH_MS
      and #watchers < 100 then
      table.insert(watchers, {at = at, generation = tonumber(generation), replica = replica})
    end
  end
  return watchers
end

-- The replicas whose presence decides about a bid.
local function concerned(replica, leader, watchers)
  local replicas = {replica, leader}
  for _, watcher in ipairs(watchers) do table.insert(replicas, watcher.replica) end
  return replicas
end

-- 1 when the bidder is a watcher from now on, otherwise 0. One that this server does not see watches nothing: it only
-- asks more often while there are too few watchers.
-- there: from presences
local function watch(key, watchers, there, replica, generation, now)
  local lines, others = {}, 0
  for _, watcher in ipairs(watchers) do
    if watcher.replica ~= replica and there[watcher.replica] == 1 then
      table.insert(lines, string.format('%s %d %s\n', watcher.at, watcher.generation, watcher.replica))
      if watcher.generation == generation then others = others + 1 end
    end
  end
  if others >= WATCHERS then return 0 end
  if there[replica] == 1 then
    table.insert(lines, string.format('%d %d %s\n', now, generation, replica))
    redis.call('SET', key, table.concat(lines), 'PX', WATCHERS_KEPT_MS)
  end
  return 1
end
