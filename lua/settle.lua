-- Makes the books say what the caller was told, whatever became of the take: safe to repeat, safe in any order.
--
-- `count`: the operation was allowed; count it once, also above the limit, in the windows it was decided in.
-- `void`: it was not; bar the attempt that may still run, or take it off those whose callers were told that it was.
-- Without the last of them the operation is reversed, in exactly the windows it was taken from.
--
-- KEYS    the operation, then its counters
-- ARGV    the common ones (shared/arguments.lua), then intent (count | void), amount, fingerprint, attempt, picks
--         (the window of each limit when it was decided, as digits), then the ladder of each counter
-- Returns format, outcome: counted | already-counted | late (every window is over) | reversed | barred | conflict
--         | broken
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/operation.lua
local intent, amount, fingerprint, attempt, picks = word(), integer(), word(), word(), word()
if intent ~= 'count' and intent ~= 'void' then error('SUNDIAL unknown intent: ' .. intent) end
local record = redis.pcall('GET', KEYS[1])
if type(record) == 'table' then return { FORMAT, 'broken' } end
local counters, limit_count = {}, 0
for i = 2, #KEYS do
  local counter = { key = KEYS[i], ladder = read_ladder() }
  counter.stored = redis.pcall('HMGET', counter.key, unpack(counter.ladder.fields))
  if counter.stored.err then return { FORMAT, 'broken' } end
  counters[i - 1], limit_count = counter, limit_count + counter.ladder.size
end
if not finished() then error('SUNDIAL too many arguments') end
if #picks ~= limit_count or string.find(picks, '[^01]') then error('SUNDIAL wrong picks: ' .. picks) end
local free, recorded_fingerprint, attempts, at = is_free(record), nil, '', nil
if not free then
  recorded_fingerprint, attempts, at = read_record(record)
  if not attempts then return { FORMAT, 'broken' } end
end

-- The offered window of a limit that was picked, or that holds the instant the operation was counted at.
local function window_of(ladder, i, index)
  if intent == 'count' then return tonumber(string.sub(picks, index, index)) end
  for pick = 0, 1 do
    local starts, ends = tonumber(ladder.starts[i][pick]), ladder[i].ends[pick]
    if tonumber(at) >= starts and tonumber(at) < ends then return pick end
  end
  return nil
end

-- Adds to every limit's window that is not over, if it is the counter's current one, and says how many it was, and
-- the latest start of them all. A later window is never touched; an earlier one is replaced.
local function add(units)
  local touched, index, latest = 0, 0, -math.huge
  for _, counter in ipairs(counters) do
    local fields, opened = counter.ladder.fields, false
    for i = 1, counter.ladder.size do
      index = index + 1
      local pick = window_of(counter.ladder, i, index)
      local starts, target = counter.stored[2 * i - 1], pick and counter.ladder.starts[i][pick]
      latest = math.max(latest, tonumber(target) or latest)
      local used = pick and starts == target and tonumber(counter.stored[2 * i])
      local opens = not used and units > 0 and (tonumber(starts) or -math.huge) < tonumber(target)
      if (used or opens) and now < counter.ladder[i].ends[pick] then
        local total = math.min(math.max((used or 0) + units, 0), MAX_INTEGER)
        redis.call('HSET', counter.key, fields[2 * i - 1], target, fields[2 * i], total)
        touched, opened = touched + 1, opened or opens
      end
    end
    -- Only then is its life still to be set; windows that are over would shorten it.
    if opened then redis.call('PEXPIRE', counter.key, counter.ladder.expires_in) end
  end
  return touched, latest
end

if intent == 'count' then
  if free then
    local touched, latest = add(amount)
    local counted = record_of(fingerprint, attempt, string.format('%.0f', latest))
    redis.call('SET', KEYS[1], counted, 'PX', remember)
    return { FORMAT, touched > 0 and 'counted' or 'late' }
  end
  if recorded_fingerprint ~= fingerprint then return { FORMAT, 'conflict' } end
  add_attempt(KEYS[1], fingerprint, attempts, attempt, at)
  return { FORMAT, 'already-counted' }
end
if not free and not has_attempt(attempts, attempt) then return { FORMAT, 'barred' } end
local rest = without_attempt(attempts, attempt)
if rest ~= '' then
  redis.call('SET', KEYS[1], record_of(recorded_fingerprint, rest, at), 'KEEPTTL')
  return { FORMAT, 'barred' }
end
if not free then add(-amount) end
redis.call('SET', KEYS[1], '!' .. attempt, 'PX', remember)
return { FORMAT, free and 'barred' or 'reversed' }
