-- Makes the books say what the caller was told, whatever became of the take: safe to repeat, safe in any order.
--
-- `count`: the operation was allowed; count it once, also above the limit, in the windows it was decided in.
-- `void`: it was not; bar the attempt that may still run, or take it off those whose callers were told that it was.
-- Without the last of them the operation is reversed, in exactly the windows it was taken from.
--
-- KEYS    the page of the operation (shared/operation.lua), then its counters
-- ARGV[1] what is common (shared/arguments.lua)   ARGV[2] ladders: of each counter (shared/ladders.lua)
-- ARGV[3] intent (count | void), amount, the operation's name (as in take.lua), picks (the window of each limit when it
--         was decided, as digits), with spaces between
-- Returns format, outcome: counted | already-counted | late (every window is over) | reversed | barred | conflict
--         | broken; after counted, of each limit that is above its max now its place (from 0) and its used
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/foreign.lua
-- @include shared/counter.lua
-- @include shared/operation.lua
local intent, amount, head, fingerprint, attempt, picks =
  string.match(ARGV[3] or '', '^(%a+) (%d+) (;%S )(%S+) (%S+) ([01]+)$')
if not intent or #ARGV ~= 3 then fail('a settlement', ARGV[3]) end
if intent ~= 'count' and intent ~= 'void' then fail('an intent', intent) end
amount = integer(amount)
if #ladders ~= #KEYS - 1 then fail('the right number of keys', #KEYS) end
local page = open_page(KEYS[1])
if not page then return { FORMAT, 'broken' } end
local record = find_stored(page, head)
local counters, limit_count = {}, 0
for i, ladder in ipairs(ladders) do
  local stored = redis.pcall('GET', KEYS[i + 1])
  local windows = not is_foreign(stored) and (stored and read_windows(stored) or not stored and {})
  if not windows then return { FORMAT, 'broken' } end
  counters[i] = { key = KEYS[i + 1], ladder = ladder, windows = windows }
  limit_count = limit_count + ladder.size
end
if #picks ~= limit_count then fail('picks', picks) end
local free, recorded_fingerprint, attempts, at = is_free(record), nil, '', nil
if not free then
  recorded_fingerprint, attempts, at = read_record(record)
  if not attempts then return { FORMAT, 'broken' } end
end

-- The offered window of a limit that was picked, or that holds the instant the operation was counted at.
local function window_of(limit, index)
  if intent == 'count' then return tonumber(string.sub(picks, index, index)) end
  return pick_at(instant_of(at), limit.this, limit.next, limit.after)
end

-- Adds to a limit's picked window when that is not over, and is the counter's current one or can become it: a later
-- window is never touched, an earlier one is replaced. Its units now, and whether that opened it.
local function add_to(limit, pick, windows, units)
  if not pick then return nil end
  local window, starts = windows[limit.field], start_text_of(limit, pick)
  local is_current = window and window.starts == starts
  local opens = units > 0 and not (window and instant_of(window.starts) > start_of(limit, pick))
  if now >= (pick == 0 and limit.next or limit.after) or not (is_current or opens) then return nil end
  local total = math.min(math.max((is_current and window.used or 0) + units, 0), MAX_INTEGER)
  return total, put(windows, limit.field, starts, total)
end

-- Adds to every limit, and says how many it was, and the latest start of their windows, and which limits are above
-- their max by that.
local function add(units)
  local touched, index, latest, latest_text, forced = 0, 0, -math.huge, '', {}
  for _, counter in ipairs(counters) do
    local opened, changed = false, false
    for l = 1, counter.ladder.size do
      local limit = counter.ladder[l]
      index = index + 1
      local pick = window_of(limit, index)
      if pick and start_of(limit, pick) > latest then
        latest, latest_text = start_of(limit, pick), start_text_of(limit, pick)
      end
      local total, opens = add_to(limit, pick, counter.windows, units)
      if total then
        touched, changed, opened = touched + 1, true, opened or opens
        if units > 0 and total > limit.max then
          forced[#forced + 1], forced[#forced + 2] = index - 1, string.format('%d', total)
        end
      end
    end
    if changed then write_counter(counter.key, text_of(counter.windows), counter.ladder, opened) end
  end
  return touched, latest_text, forced
end

-- Writes down what became of the operation.
local function conclude(new_record, ...)
  write_record(page, head, new_record)
  if string.sub(page.stored, 1, 1) ~= '+' then page.stored = '+' .. page.stored end
  write_pages()
  return { FORMAT, ... }
end

if intent == 'count' then
  if free then
    local touched, latest, forced = add(amount)
    local counted = record_of(head, fingerprint, attempt, latest)
    return conclude(counted, touched > 0 and 'counted' or 'late', unpack(forced))
  end
  if recorded_fingerprint ~= fingerprint then return { FORMAT, 'conflict' } end
  return conclude(record_of(head, fingerprint, with_attempt(attempts, attempt), at), 'already-counted')
end
if not free and not has_attempt(attempts, attempt) then return { FORMAT, 'barred' } end
local rest = without_attempt(attempts, attempt)
if rest ~= '' then return conclude(record_of(head, recorded_fingerprint, rest, at), 'barred') end
if not free then add(-amount) end
return conclude(head .. '!' .. attempt, free and 'barred' or 'reversed')
