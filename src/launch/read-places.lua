-- Reads where jobs are. Called for some thousand jobs at a time.
--
-- KEYS  1 cursors   2 launched
-- ARGV  1 names of jobs, with blanks between them   2 '1' when launched ticks are counted of any job
-- Returns the cursors as a list in JSON, with false where there is none, and the launched ticks in the same way, or ''.
--
-- Why a script: a client reads one text of thousands of values in a tenth of the time that it takes for each as a reply.

local CALL_SIZE = 1000

local names = {}
for name in string.gmatch(ARGV[1], '%S+') do table.insert(names, name) end

local function values_of(key)
  local values = {}
  for from = 1, #names, CALL_SIZE do
    local to = math.min(from + CALL_SIZE - 1, #names)
    for _, value in ipairs(redis.call('HMGET', key, unpack(names, from, to))) do values[#values + 1] = value end
  end
  return cjson.encode(values)
end

return {values_of(KEYS[1]), ARGV[2] == '1' and values_of(KEYS[2]) or ''}
