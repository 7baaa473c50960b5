-- Whether BullMQ can add runs to queues: finds keys that another program has written with another type.
--
-- KEYS  the keys to look at
-- ARGV  the type that each should have
-- Returns for each key its type if that is another one, else ''.
--
-- BullMQ's script would store the run and fail before it is in the queue: no check of the run would notice.

local found = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  found[i] = (kind == 'none' or kind == ARGV[i]) and '' or kind
end
return found
