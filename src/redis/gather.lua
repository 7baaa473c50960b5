-- Carries out some reads.
--
-- KEYS  of each read, its key
-- ARGV  of each read, its command, how many arguments follow behind the key, and these
-- Returns {what TIME replies, the reply of each read or its error...}
--
-- Why a script: it is one command instead of many, and shows one moment.

local replies, at = {redis.call('TIME')}, 1
for i, key in ipairs(KEYS) do
  local count = tonumber(ARGV[at + 1])
  replies[i + 1] = redis.pcall(ARGV[at], key, unpack(ARGV, at + 2, at + 1 + count))
  at = at + 2 + count
end
return replies
