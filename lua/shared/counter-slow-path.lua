-- The slow path reads and writes a counter window by window. It serves the few counters that hold other windows than
-- those of now, at the boundary of a window and after a rule was edited, and those with holds (shared/holds.lua) or an
-- override (shared/overrides.lua).
-- @include shared/counter.lua
-- @include shared/limit-set.lua
-- @include shared/own-windows.lua

-- Reads the limits of a counter into `indexes` and `used` (shared/counter-fast-path.lua). When the clock was set back
-- over the boundary between the current and the next window, the next one stays. Returns the latest start. Where the
-- counter keeps other windows than those that are offered, `indexes.kept` says which (shared/own-windows.lua).
local function read_slow(windows, limit_set, before, indexes, used)
  local latest, latest_text = limit_set.latest, limit_set.latest_text
  if windows.holds then indexes.says_more = true end
  for i = 1, limit_set.size do
    local limit, at = limit_set[i], before + i
    local window, index = windows[limit.field], limit.index
    if window and window.starts == limit.next_text then
      index = 1
      if limit.next > latest then
        latest, latest_text = limit.next, limit.next_text
      end
    end
    indexes[at] = index
    used[at] = window and window.starts == start_text_of(limit, index) and window.used or 0
  end
  if limit_set.is_own then indexes.kept = own.kept_windows(windows, limit_set, before, indexes) end
  return latest, latest_text
end

-- Adds to the windows that `read_slow` found. Returns the counter's text, and whether a window opens.
local function add_slow(windows, limit_set, before, amount, indexes, used)
  local opens = false
  for i = 1, limit_set.size do
    local limit, at = limit_set[i], before + i
    used[at] = math.min(used[at] + amount, MAX_INTEGER)
    opens = own.set_limit(windows, limit, indexes[at], used[at]) or opens
  end
  return text_of_windows(windows), opens
end
