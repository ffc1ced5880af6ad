-- An override is a subject's own max of limits of a rule, for a time. It lies beside the counter, under its key and
-- `!override`: `<from> <until> <limits>`, two instants or `-`, and of each limit `<field>=<what>`, separated by commas;
-- then a line feed and what no script reads. `s100`: the max is 100; `a20`: 20 more than the rule says; `u`: no max.
-- The counter has a mark (shared/counter.lua): scripts look for an override of such counters only.
-- @include shared/counter.lua
-- @include shared/limit-set.lua
-- @include shared/wrong-type.lua
local OVERRIDE = '!override'
local OVERRIDE_RECORD = '^(%-?[0-9a-z]*) (%-?[0-9a-z]*) ([^\n]*)'
local OVERRIDDEN = '([^,=]+)=(([sau])(%d*))'

local function mark_of(until_text) return until_text == '-' and 'O0=0' or 'O' .. until_text .. '=1' end

-- Until when an override is in force (a text), and what its record says of limits; nil where none is. One that is over,
-- or gone, loses its mark when the counter is written next.
local function override_in_force(key, windows, now)
  local stored = redis.pcall('GET', key .. OVERRIDE)
  local record = stored and not is_wrong_type(stored) and stored or ''
  local from_text, until_text, limits = string.match(record, OVERRIDE_RECORD)
  if not from_text or until_text ~= '-' and instant_of(until_text) <= now then
    windows.override = false
    return nil
  end
  if from_text ~= '-' and instant_of(from_text) > now then return nil end
  return until_text, limits
end

-- What it says of each field.
local function read_limits_of_override(until_text, limits)
  local override, ends = {}, until_text == '-' and '' or '@' .. until_text
  for field, what, kind, units in string.gmatch(limits, OVERRIDDEN) do
    override[field] = { kind = kind, units = tonumber(units), word = what .. ends }
  end
  return override
end

-- What an override in force says of each field; nil where none is.
local function read_override(key, windows, now)
  local until_text, limits = override_in_force(key, windows, now)
  return until_text and read_limits_of_override(until_text, limits)
end

-- What an override makes of a limit's max, lowered as that is; one that does not enforce never does.
local function overridden_max(limit, what)
  local max = limit.whole_max or limit.max
  if max == math.huge then return max end
  if what.kind == 'u' or what.kind == 'a' and max == NO_MAX then return NO_MAX end
  local its = what.kind == 's' and what.units or math.min(max + what.units, MAX_INTEGER)
  return math.max(its - (limit.lowered_by or 0), 0)
end

local function copy_of(fields)
  local copy = {}
  for name, value in pairs(fields) do
    copy[name] = value
  end
  return copy
end

-- The limit set that holds for a counter: its own where it has an override. Notes in `indexes`, where that is given,
-- what each limit has of it; the limits of the counter stand behind the first `before` entries.
local function with_override(key, windows, limit_set, before, indexes)
  local override = windows.override and limit_set.size > 0 and read_override(key, windows, limit_set.now)
  if not override then return limit_set end
  local own_set = copy_of(limit_set)
  for i = 1, limit_set.size do
    local what = override[limit_set[i].field]
    if what then
      own_set[i] = copy_of(limit_set[i])
      own_set[i].max = overridden_max(limit_set[i], what)
      if indexes then
        indexes.says_more, indexes.overrides = true, indexes.overrides or {}
        indexes.overrides[before + i] = what.word
      end
    end
  end
  return own_set
end
