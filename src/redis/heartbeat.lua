-- Notes that a replica is there, and reads what all replicas that are there say of themselves.
--
-- KEYS  1 record of the replica   2 replicas   3 format
-- ARGV  1 the record, as JSON   2 how long it is kept (ms)   3 how long an id is kept that says nothing more (ms)
--       4 what the keys of records begin with   5 digest of the records that the replica knows, '' for none
-- Returns {time (µs since the epoch), format ('' where there is none), digest, records as JSON...}   no records when the digest is
-- the one that the replica knows. It covers the marks of the records: the mark is of what a replica carries, and not of what it
-- measures of itself, which is new each time.
--
-- Why a script: it is one command where nine would be sent, and very many replicas send it every few seconds. The writes are
-- best effort (pcall): a server without memory refuses them, and must still show the others.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id = string.sub(KEYS[1], #ARGV[4] + 1)
redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.pcall('ZADD', KEYS[2], now, id)
redis.pcall('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[3])

local records, marks = {}, {}
local ids = redis.call('ZRANGE', KEYS[2], 0, -1)
local PAGE = 1000
for first = 1, #ids, PAGE do
  local names = {}
  for i = first, math.min(first + PAGE - 1, #ids) do table.insert(names, ARGV[4] .. ids[i]) end
  for _, record in ipairs(redis.call('MGET', unpack(names))) do
    if record then
      table.insert(records, record)
      -- A record of a release without marks is compared as a whole.
      table.insert(marks, string.match(record, '"mark":"(%x+)"}$') or record)
    end
  end
end
-- Heartbeats change the order.
table.sort(marks)
local digest = redis.sha1hex(table.concat(marks, '\n'))
local micros = time[1] * 1000000 + time[2]
local format = redis.call('GET', KEYS[3]) or ''
if digest == ARGV[5] then return {micros, format, digest} end
return {micros, format, digest, unpack(records)}
