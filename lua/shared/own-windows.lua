-- The windows of a limit that begin by the subject's own zone or billing day. Of such a limit, a counter also keeps
-- when its window ends, as an entry whose field ends with `!`: `dmwqz1a80=5 (d!)mwrxbjk0=8123` ends at `mwrxbjk0`, and
-- 8123 says in which zone it began. Until then, and to the first boundary of the zone that is asked for after that, no
-- other window opens: so no sequence of zones or billing days opens more windows than one of them has.
-- @include shared/counter.lua
-- @include shared/limit-set.lua

-- One table: a script has at most 200 local variables.
local own = {}

function own.ends_field_of(field)
  return #field == 1 and '(' .. field .. '!)' or string.sub(field, 1, -2) .. '!)'
end

-- The start and the end of the window that a counter is in; nil where it is in none.
function own.window(windows, limit)
  local window, ends = windows[limit.field], windows[limit.ends_field]
  if not window or not ends then return nil end
  return instant_of(window.starts), instant_of(ends.starts)
end

-- The windows that a counter keeps instead of those that are offered, in one word: `kept:` and of each limit its
-- position in the check (from 0), its start, its end and its zone; nil where it keeps none.
function own.kept_windows(windows, limit_set, before, indexes)
  local text
  for i = 1, limit_set.size do
    local limit, index = limit_set[i], indexes[before + i]
    local starts, ends = own.window(windows, limit)
    if starts and starts <= limit_set.now and start_of(limit, index) < ends then
      local is_in_it = start_of(limit, index) == starts and (index == 0 and limit.next or limit.after) >= ends
      if not is_in_it then
        local start_text, ends_entry = windows[limit.field].starts, windows[limit.ends_field]
        text = (text and text .. ';' or 'kept:') .. before + i - 1 .. ',' .. start_text
        text = text .. ',' .. ends_entry.starts .. ',' .. digits_of(ends_entry.used)
      end
    end
  end
  return text
end

-- Takes the word of the counter that was read last.
function own.take_kept(indexes)
  local kept = indexes.kept
  indexes.kept = nil
  return kept
end

-- The start, as text and instant, and the end of the window that a settlement changes: of a limit with own windows the
-- one that the counter is in, where that shares an instant with the one that it was decided in.
function own.settled_window(windows, limit, index)
  local start, reset = start_of(limit, index), index == 0 and limit.next or limit.after
  if limit.ends_field then
    local starts, ends = own.window(windows, limit)
    if starts and starts < reset and start < ends then
      return windows[limit.field].starts, starts, math.max(ends, reset)
    end
  end
  return start_text_of(limit, index), start, reset
end

-- The index by which a settlement finds the own window that an operation was counted in at an instant: what is counted
-- since the start of a counter's window is in that; false where it was counted before.
function own.index_at(windows, limit, at)
  local starts = own.window(windows, limit)
  return starts and at >= starts and 0
end

-- Sets the units of a limit's window, and when an own window ends that opens by that. Whether it opens it.
function own.set_limit(windows, limit, index, used)
  local opens = set_units(windows, limit.field, start_text_of(limit, index), used)
  if opens and limit.ends_field then
    local ends = text_of_instant(index == 0 and limit.next or limit.after)
    set_units(windows, limit.ends_field, ends, limit.zone)
  end
  return opens
end
