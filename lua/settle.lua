-- Makes the books say what the caller was told, whatever became of the take: safe to repeat, safe in any order.
--
-- `count`: the operation was allowed; count it once, also above the limit, in the windows it was decided in.
-- `void`: it was not; bar the attempt that may still run, or take it off those whose callers were told that it was.
-- Without the last of them the operation is reversed, in exactly the windows it was taken from.
--
-- KEYS    the operation, then its counters
-- ARGV[1] JSON: what is common (shared/arguments.lua), intent (count | void), amount, fingerprint, attempt, picks (the
--         window of each limit when it was decided, as digits), ladders: of each counter (shared/ladders.lua)
-- Returns format, outcome: counted | already-counted | late (every window is over) | reversed | barred | conflict
--         | broken; after counted, of each limit that is above its max now its place (from 0) and its used
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/operation.lua
-- @include shared/foreign.lua
local intent, amount, picks = arguments.intent, integer(arguments.amount), text(arguments.picks)
local fingerprint, attempt, ladders =
  text(arguments.fingerprint), text(arguments.attempt), list(arguments.ladders)
if intent ~= 'count' and intent ~= 'void' then fail('an intent', intent) end
if #ladders == 0 or #ladders ~= #KEYS - 1 then fail('the right number of keys', #KEYS) end
local record = redis.pcall('GET', KEYS[1])
if is_foreign(record) then return { FORMAT, 'broken' } end
local counters, limit_count = {}, 0
for i = 2, #KEYS do
  local counter = { key = KEYS[i], ladder = read_ladder(ladders[i - 1]) }
  counter.stored = redis.pcall('HMGET', counter.key, unpack(counter.ladder.fields))
  if is_foreign(counter.stored) then return { FORMAT, 'broken' } end
  for l = 1, counter.ladder.size do
    local starts = tonumber(counter.stored[2 * l - 1])
    if starts and not is_count(counter.stored[2 * l]) then return { FORMAT, 'broken' } end
  end
  counters[i - 1], limit_count = counter, limit_count + counter.ladder.size
end
if #picks ~= limit_count or string.find(picks, '[^01]') then fail('picks', picks) end
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
-- the latest start of them all, and which limits are above their max by that. A later window is never touched; an
-- earlier one is replaced.
local function add(units)
  local touched, index, latest, forced = 0, 0, -math.huge, {}
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
        redis.call('HSET', counter.key, fields[2 * i - 1], target, fields[2 * i], digits(total))
        touched, opened = touched + 1, opened or opens
        if units > 0 and total > counter.ladder[i].max then
          forced[#forced + 1], forced[#forced + 2] = index - 1, string.format('%d', total)
        end
      end
    end
    -- Only then is its life still to be set; windows that are over would shorten it.
    if opened then redis.call('PEXPIRE', counter.key, counter.ladder.expires_in) end
  end
  return touched, latest, forced
end

-- A settlement may be repeated long after the take it is about would have been forgotten.
local function remember_longer()
  if redis.call('PTTL', KEYS[1]) < tonumber(remember) then redis.call('PEXPIRE', KEYS[1], remember) end
end

if intent == 'count' then
  if free then
    local touched, latest, forced = add(amount)
    local counted = record_of(fingerprint, attempt, digits(latest))
    redis.call('SET', KEYS[1], counted, 'PX', remember)
    return { FORMAT, touched > 0 and 'counted' or 'late', unpack(forced) }
  end
  if recorded_fingerprint ~= fingerprint then return { FORMAT, 'conflict' } end
  add_attempt(KEYS[1], fingerprint, attempts, attempt, at)
  remember_longer()
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
