-- What lists show of a job without reading its history: a strip of its last ticks and runs, counts of the day, and whether its last
-- run failed. Functions for scripts that write records: put this file before them, and call one of them beside each record.
--
-- A strip is text. Each tick and run appends a cell of nine characters when it is decided, and another one when it ends:
--   what         'r' launched   's' skipped   'm' missed   'c' completed   'f' failed   'x' its end is not known
--   which run    the first six digits of its id's SHA-1; '------' without a run
--   how long     of 'r' how late, of 'c' and 'f' the last attempt: two digits of base 64, '0' to 'o', on a scale of logarithms (0 ms to
--                some hundred days in steps of 0.6%); '--' where that is not known
-- To append is all that a launch costs. Readers match ends with launches (strip.ts, which writes the same cells), and pass over
-- cells that they do not know.
--
-- Nothing may fail for any of this: what cannot be written is passed over.

local STRIP_LIMIT, STRIP_KEPT = 2160, 1080
local TALLY_KEPT_S = 172800

local function add_cell(strip, cell)
  local length = redis.pcall('APPEND', strip, cell)
  if type(length) == 'number' and length > STRIP_LIMIT then
    redis.pcall('SET', strip, redis.pcall('GETRANGE', strip, -STRIP_KEPT, -1))
  end
end

local function time_of(ms)
  if not ms or ms < 0 then return '--' end
  local step = math.min(math.floor(math.log(1 + ms) * 175 + 0.5), 4095)
  return string.char(48 + math.floor(step / 64), 48 + step % 64)
end

local function cell_of(what, run, ms)
  return what .. string.sub(redis.sha1hex(run), 1, 6) .. time_of(ms)
end

-- `tally`: a hash for one day, job → how many.
local function count_up(tally, job, count)
  local sum = redis.pcall('HINCRBY', tally, job, count)
  -- The job's first of the day, and perhaps the first of all.
  if type(sum) == 'number' and sum == tonumber(count) then redis.pcall('EXPIRE', tally, TALLY_KEPT_S) end
end

-- The end of a run is not known: BullMQ does not have it any more.
local function note_loss(strip, run)
  add_cell(strip, cell_of('x', run))
end

-- to: strips and tallies (what the names of their keys begin with), failing (a key), day (since the epoch, UTC)
-- result: 'completed' or 'failed'; ms: of the last attempt
local function note_end(to, job, run, result, ms)
  local has_failed = result == 'failed'
  add_cell(to.strips .. job, cell_of(has_failed and 'f' or 'c', run, ms))
  count_up(to.tallies .. result .. '/' .. to.day, job, 1)
  redis.pcall(has_failed and 'SADD' or 'SREM', to.failing, job)
end
