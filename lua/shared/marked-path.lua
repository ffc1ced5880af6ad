-- The path of counters that are as on the fast one (shared/counter-fast-path.lua), but that their subjects have an
-- override: behind the units of the windows of now stands the mark of that (shared/overrides.lua). And what answers say
-- of overrides.
-- @include shared/overrides.lua
-- @include shared/reserved-words.lua
-- @when-needed slow_path shared/slow-path.lua

-- What of a limit set `fits` reads, under an override; and of each limit that has some of it what answers say of that.
-- Overrides that say the same have it in common in a call.
local function maxes_under(limit_set, until_text, limits)
  local known, text = limit_set.under or {}, limits .. ' ' .. until_text
  local maxes = known[text]
  if not maxes then
    local override = read_limits_of_override(until_text, limits)
    maxes = { size = limit_set.size, words = {} }
    for i = 1, limit_set.size do
      local limit, what = limit_set[i], override[limit_set[i].field]
      maxes[i] = { max = what and overridden_max(limit, what) or limit.max }
      maxes.words[i] = what and what.word
    end
    limit_set.under, known[text] = known, maxes
  end
  return maxes
end

-- Reads the limits of a counter with that text; nothing where it is not so marked.
local function read_marked(key, stored, limit_set, before, indexes, used)
  local pattern = string.sub(limit_set.pattern, 1, -2) .. ' (O[0-9a-z]+=[01])$'
  local units = { string.match(stored, pattern) }
  local mark = units[limit_set.size + 1]
  if not mark then return nil end
  for i = 1, limit_set.size do
    local count = units_of(units[i])
    if count > MAX_INTEGER then return nil end
    indexes[before + i], used[before + i] = limit_set[i].index, count
  end
  local marked, its_set = { is_marked = true, holds = false, override = mark }, limit_set
  local until_text, limits = override_in_force(key, marked, limit_set.now)
  if until_text then
    its_set = maxes_under(limit_set, until_text, limits)
    for i, word in pairs(its_set.words) do
      indexes.overrides = indexes.overrides or {}
      indexes.says_more, indexes.overrides[before + i] = true, word
    end
  end
  return marked.override and marked or true, its_set
end

-- Returns what `read_counter` of the fast path does. Counters that are not so marked take the slow path.
local function read_any_counter(key, stored, limit_set, before, indexes, used)
  local what, its_set = read_marked(key, stored, limit_set, before, indexes, used)
  if what then return what, limit_set.latest, limit_set.latest_text, its_set end
  return slow_path().read_counter(key, stored, limit_set, before, indexes, used)
end

return { read_counter = read_any_counter, with_reserved = with_reserved }
