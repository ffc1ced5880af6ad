-- Makes the books say what the caller was told, whatever became of the take: safe to repeat, safe in any order.
--
-- `count`: the operation was allowed; count it once, also above the limit, in the windows it was decided in.
-- `void`: it was not; reverse it in exactly the windows it was taken from, or bar the try that may still run.
--
-- KEYS    the operation, then its counters
-- ARGV    the common ones (shared/arguments.lua), then intent (count | void), amount, fingerprint, attempt, picks
--         (the window of each limit when it was decided, as digits), then the ladder of each counter
-- Returns format, outcome: counted | already-counted | late (every window is over) | reversed | barred | conflict
--         | broken
-- @include shared/arguments.lua
-- @include shared/ladders.lua
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
local free = not record or string.sub(record, 1, 1) == '!'
local recorded_fingerprint, recorded_attempt, recorded_picks
if not free then
  recorded_fingerprint, recorded_attempt, recorded_picks = string.match(record, '^(%S+) (%S+) ([01]+)$')
  if recorded_attempt == attempt and #recorded_picks ~= limit_count then return { FORMAT, 'broken' } end
end

-- Adds to every limit's window that is not over, if it is the counter's current one, and says how many it was.
-- A later window is never touched; an earlier one is replaced.
local function add(units, chosen)
  local touched, index = 0, 0
  for _, counter in ipairs(counters) do
    local fields, opened = counter.ladder.fields, false
    for i = 1, counter.ladder.size do
      index = index + 1
      local pick = tonumber(string.sub(chosen, index, index))
      local starts, target = counter.stored[2 * i - 1], counter.ladder.starts[i][pick]
      local used = starts == target and tonumber(counter.stored[2 * i])
      local opens = not used and units > 0 and (tonumber(starts) or -math.huge) < tonumber(target)
      if now < counter.ladder[i].ends[pick] and (used or opens) then
        local total = math.min(math.max((used or 0) + units, 0), MAX_INTEGER)
        redis.call('HSET', counter.key, fields[2 * i - 1], target, fields[2 * i], total)
        touched, opened = touched + 1, opened or opens
      end
    end
    -- Only then is its life still to be set; windows that are over would shorten it.
    if opened then redis.call('PEXPIRE', counter.key, counter.ladder.expires_in) end
  end
  return touched
end

local outcome
if intent == 'count' then
  if not free then
    outcome = recorded_fingerprint == fingerprint and 'already-counted' or 'conflict'
  else
    outcome = add(amount, picks) > 0 and 'counted' or 'late'
    redis.call('SET', KEYS[1], fingerprint .. ' ' .. attempt .. ' ' .. picks, 'PX', remember)
  end
else
  outcome = 'barred'
  if recorded_attempt == attempt then
    add(-amount, recorded_picks)
    outcome = 'reversed'
  end
  if free or recorded_attempt == attempt then redis.call('SET', KEYS[1], '!' .. attempt, 'PX', remember) end
end
return { FORMAT, outcome }
