-- A limit set is what all counters of a rule have in common while its windows last: of each limit its field, its
-- max, whether it enforces, and the bounds of two windows: the current one, as the node expects, and the next.
-- As an argument: limit sets separated by semicolons, each of limits separated by commas, each of which is
-- `field max enforced(1|0) current next after`: its field (shared/counter.lua), the max, whether it enforces, and three
-- instants (shared/instant.lua): the starts of the current and of the next window, and the end of the next.
-- The window index of a limit is 0 for the current window and 1 for the next.
-- @include shared/instant.lua
local BEHIND_FIELD = ' (%d+) ([01]) (%-?[0-9a-z]+) (%-?[0-9a-z]+) (%-?[0-9a-z]+)([,;]?)()'
local LIMIT = '^(%a)' .. BEHIND_FIELD
local LONG_LIMIT = '^(%([^ ,;()]+%))' .. BEHIND_FIELD

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
    max = enforced == '1' and most or math.huge,
    index = window_index_at(now, current, next, after),
    current = current,
    next = next,
    after = after,
    current_text = current_text,
    next_text = next_text,
  }
end

local function new_limit_set(margin_ms)
  return {
    false,
    false,
    size = 0,
    expires_in_ms = 0,
    margin_ms = margin_ms,
    has_mismatch = false,
    prefixes = false,
    pattern = '',
    latest = 0,
    latest_text = '',
  }
end

-- Prepares the fast path (shared/counter-fast-path.lua): of each limit the text of a counter before its units, the
-- pattern that reads the units, and the latest start of the windows of now.
local function expect_windows_of_now(set)
  local prefixes, expected = { '', '' }, { '', '' }
  for i = 1, set.size do
    local limit = set[i]
    local start_text, field, separator = start_text_of(limit, limit.index), limit.field, i > 1 and ' ' or ''
    prefixes[i] = separator .. field .. start_text .. '='
    local literal = #field > 1 and string.gsub(field, '[^%w%-]', '%%%0') or field
    expected[i] = separator .. literal .. start_text .. '='
    if i == 1 or start_of(limit, limit.index) > set.latest then
      set.latest, set.latest_text = start_of(limit, limit.index), start_text
    end
  end
  set.prefixes = prefixes
  set.pattern = '^' .. string.gsub(table.concat(expected, '(%d+)', 1, set.size), '%-', '%%-') .. '(%d+)$'
end
