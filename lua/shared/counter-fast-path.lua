-- The fast path reads and writes a counter whose windows are those of now, as nearly all are: such texts differ in
-- their units only, so one pattern reads them and one list of prefixes writes them. Other counters take the slow
-- path.
--
-- The command owns `indexes` and `used`, which hold of each limit of a check its window index and the units used in
-- that window; the limits of a counter stand behind the first `before` entries. They are two lists of numbers that
-- all checks of a call use again, because a table for each limit costs more than reading its counter.
-- @include shared/counter-life.lua
-- @include shared/limit-set.lua
-- @include shared/number.lua
-- @include shared/wrong-type.lua
-- @when-needed slow_path shared/slow-path.lua
-- @when-needed marked_path shared/marked-path.lua

-- Reads the limits of a counter. Returns what it holds: false for nothing, true for the windows of now, a table of
-- other windows or with a mark (shared/marked-path.lua), nil for a wrong-type key or one that keeps other windows
-- (`indexes.kept`); the latest start of the windows that were read; and the limit set that holds for this counter.
local function read_counter(key, limit_set, before, indexes, used)
  local stored = redis.pcall('GET', key)
  if not stored then
    for i = 1, limit_set.size do
      indexes[before + i], used[before + i] = limit_set[i].index, 0
    end
    return limit_set.is_own and { holds = false } or false, limit_set.latest, limit_set.latest_text, limit_set
  end
  if is_wrong_type(stored) then return nil end
  local units = { string.match(stored, limit_set.pattern) }
  if not units[1] then return marked_path().read_counter(key, stored, limit_set, before, indexes, used) end
  for i = 1, limit_set.size do
    local count = units_of(units[i])
    if count > MAX_INTEGER then return nil end
    indexes[before + i], used[before + i] = limit_set[i].index, count
  end
  return true, limit_set.latest, limit_set.latest_text, limit_set
end

local function has_room(limit_set, before, amount, used)
  for i = 1, limit_set.size do
    if used[before + i] + amount > limit_set[i].max then return false end
  end
  return true
end

-- Adds to the windows of now. Returns the counter's text.
local function add_fast(limit_set, before, amount, used)
  local text, prefixes = '', limit_set.prefixes
  for i = 1, limit_set.size do
    local total = used[before + i] + amount
    if total > MAX_INTEGER then total = MAX_INTEGER end
    used[before + i] = total
    text = text .. prefixes[i] .. digits_of(total)
  end
  return text
end

-- Adds to a counter, in which `read_counter` found `held`.
local function add_to_counter(key, limit_set, before, amount, held, indexes, used)
  if held == true or not held then
    write_counter(key, add_fast(limit_set, before, amount, used), limit_set, not held)
  elseif held.is_marked then
    write_counter(key, add_fast(limit_set, before, amount, used) .. ' ' .. held.override, limit_set, false)
  else
    local text, opens = slow_path().add_slow(held, limit_set, before, amount, indexes, used)
    write_counter(key, text, limit_set, opens, held.holds or held.override)
  end
end

-- Adds to every limit of every counter of a check or settlement: the keys behind keys[key], in which `read_counter`
-- found `held`.
local function add_to_counters(keys, key, group, amount, held, indexes, used)
  local before = 0
  for c = 1, group.size do
    add_to_counter(keys[key + c], group[c], before, amount, held[c], indexes, used)
    before = before + group[c].size
  end
end
