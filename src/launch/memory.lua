-- Reads what a replica remembers of the namespace, and counts on.
--
-- KEYS  1 term   2 lineage   3 controls   4 generation   5 cursors   6 launched
-- ARGV  1 fence of the replica's term ('' when it does not lead)   2 id for a lineage that has none ('' : leave it without)
--       3 version of the controls that it remembers   4 '1': also the counts, and count on
-- Returns {term, id, beat, version, generation ('-1' without), '1' when there are cursors}, the controls as names and values
-- (none when they have the version that is remembered), the counts as names and values
--
-- `beat` only grows, and with each call of a leader that asks for it: data that went back has a lower one.
--
-- Why atomic: all of it must be of one moment, and only the leader may count. Values of another type count as none: pcall.

local function ask(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then return nil end
  return reply
end

local fence = ask('GET', KEYS[1]) or ''
if ARGV[1] ~= '' and fence == ARGV[1] then
  if ARGV[2] ~= '' then ask('HSETNX', KEYS[2], 'id', ARGV[2]) end
  if ARGV[4] == '1' then ask('HINCRBY', KEYS[2], 'beat', 1) end
end

local version = ask('HGET', KEYS[3], 'version') or '0'
return {
  {
    string.match(fence, '^(%d+):') or '0', ask('HGET', KEYS[2], 'id') or '', ask('HGET', KEYS[2], 'beat') or '0',
    version, ask('GET', KEYS[4]) or '-1', tostring(ask('EXISTS', KEYS[5])),
  },
  version ~= ARGV[3] and ask('HGETALL', KEYS[3]) or {},
  ARGV[4] == '1' and ask('HGETALL', KEYS[6]) or {},
}
