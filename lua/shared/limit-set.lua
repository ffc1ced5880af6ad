-- A limit set is what all counters of a rule have in common while its windows last: of each limit its field, max,
-- whether it enforces, and the bounds of two windows. As an argument: sets separated by semicolons, limits by commas:
-- `field max enforced(1|0|2) current next after`: 2 has no max but an override's; the starts of both windows, the end
-- of the next; then the zone of own windows, and `-<units>` that were allowed and no counter has yet, where there are.
-- @include shared/instant.lua
local CONCURRENT = '(concurrent)' -- the field of a limit whose units are counted while they are held only
local LIMIT = '^(%a) (%d+) ([012]) (%-?[0-9a-z]+) (%-?[0-9a-z]+) (%-?[0-9a-z]+)([,;]?)()'
local LONG_LIMIT = '^(%([^ ,;()]+%)) (%d+) ([012]) (%-?[0-9a-z]+) (%-?[0-9a-z]+) (%-?[0-9a-z]+)([,;]?)()'

-- The index of the window that holds an instant; false when neither does.
local function window_index_at(instant, current, next, after)
  return (instant >= current and instant < next and 0) or (instant >= next and instant < after and 1)
end

local function start_of(limit, index) return index == 0 and limit.current or limit.next end
local function start_text_of(limit, index) return index == 0 and limit.current_text or limit.next_text end

-- Starts stay texts too, as counters hold them: comparing texts is faster, and no number is formatted. A table
-- constructor with all of its fields allocates once.
local function read_limit(now, field, max, enforced, current_text, next_text, after_text)
  local current, next = instant_argument(current_text), instant_argument(next_text)
  local after, most = instant_argument(after_text), integer(max)
  return {
    field = field,
    max = enforced == '1' and most or enforced == '2' and NO_MAX or math.huge,
    index = window_index_at(now, current, next, after),
    current = current,
    next = next,
    after = after,
    current_text = current_text,
    next_text = next_text,
  }
end

local function new_limit_set(now, margin_ms)
  return {
    false,
    false,
    size = 0,
    expires_in_ms = margin_ms,
    now = now,
    margin_ms = margin_ms,
    has_mismatch = false,
    is_own = false,
    prefixes = false,
    pattern = '',
    latest = 0,
    latest_text = '',
  }
end

-- The pattern that reads the units of a counter in these windows; fields in parentheses stand for themselves.
local function pattern_of(prefixes, size, has_long_field)
  local text = table.concat(prefixes, '(%d+)', 1, size)
  if has_long_field then
    local literal = {}
    for i = 1, size do
      literal[i] = string.gsub(prefixes[i], '[^%w%-]', '%%%0')
    end
    text = table.concat(literal, '(%d+)')
  end
  return '^' .. string.gsub(text, '%-', '%%-') .. '(%d+)$'
end

-- Prepares the fast path (shared/counter-fast-path.lua): of each limit the text of a counter before its units, the
-- pattern that reads the units, and the latest start of the windows of now.
local function expect_windows_of_now(set)
  local prefixes, has_long_field = { '', '' }, false
  for i = 1, set.size do
    local limit = set[i]
    local start_text = start_text_of(limit, limit.index)
    prefixes[i] = (i > 1 and ' ' or '') .. limit.field .. start_text .. '='
    has_long_field = has_long_field or #limit.field > 1
    if i == 1 or start_of(limit, limit.index) > set.latest then
      set.latest, set.latest_text = start_of(limit, limit.index), start_text
    end
  end
  set.prefixes = prefixes
  set.pattern = pattern_of(prefixes, set.size, has_long_field)
end
