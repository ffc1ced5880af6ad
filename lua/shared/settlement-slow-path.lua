-- The slow path of a settlement reads and writes its counters window by window, in exactly the windows that it was
-- decided in or counted in.
-- @include shared/counter.lua
-- @include shared/group-amounts.lua
-- @include shared/hold-changes.lua
-- @include shared/limit-set.lua
-- @include shared/overrides.lua
-- @include shared/own-windows.lua

-- The counters of a group behind keys[key], after their due holds have ended; nil when one of them is a wrong-type
-- key.
local function read_counters(keys, key, group, now)
  local counters = {}
  for c = 1, group.size do
    local windows = read_counter_with_holds(keys[key + c], now)
    if not windows then return nil end
    local own_set = with_override(keys[key + c], windows, group[c])
    counters[c] = { key = keys[key + c], limit_set = own_set, windows = windows }
  end
  return counters
end

-- Adds to the window of a limit unless that is over. The window must be the counter's current one or become it: a
-- later window is never changed, an earlier one is replaced. Held units stay: taking back more than is used leaves
-- nothing used. Returns the units used now, and whether that opens it.
local function add_to_window(limit, index, windows, units, now)
  if not index or units == 0 then return nil end
  local window = windows[limit.field]
  local starts, start, reset = own.settled_window(windows, limit, index)
  local is_current = window and window.starts == starts
  local opens = units > 0 and not (window and instant_of(window.starts) > start)
  if now >= reset or not (is_current or opens) then return nil end
  local before, held = is_current and window.used or 0, is_current and window.reserved or 0
  local total = math.min(math.max(before + units, held), MAX_INTEGER)
  if is_current then return total, set_units(windows, limit.field, starts, total) end
  return total, own.set_limit(windows, limit, index, total)
end

-- The index of the window that a settlement changes: where `at` is absent the one it was decided in, else the one it
-- was counted in at that instant; false when neither window of the limit holds that.
local function index_of(limit, position, indexes, at)
  if at then return window_index_at(at, limit.current, limit.next, limit.after) end
  return tonumber(string.sub(indexes, position, position))
end

-- Adds what each limit of a group takes in the window that `index_of` gives, or with the sign -1 takes it back.
-- Returns how many limits it changed, the text of the latest start of their windows, how many limits have more used
-- than their max by that, and of each its position (from 0) and its used.
local function add_to_windows(counters, group, sign, at, now)
  local touched, position, latest, latest_text, above, texts = 0, 0, -math.huge, '', 0, ''
  for _, counter in ipairs(counters) do
    local opened, changed, limit_set, windows = false, false, counter.limit_set, counter.windows
    for l = 1, limit_set.size do
      local limit = limit_set[l]
      position = position + 1
      local units = sign * amount_at(group, position)
      local index = index_of(limit, position, group.indexes, at)
      if not index and limit.ends_field then index = own.index_at(windows, limit, at) end
      if index and start_of(limit, index) > latest then
        latest, latest_text = start_of(limit, index), start_text_of(limit, index)
      end
      local total, opens = add_to_window(limit, index, windows, units, now)
      if total then
        touched, changed, opened = touched + 1, true, opened or opens
        if units > 0 and total > limit.max then
          above, texts = above + 1, texts .. ' ' .. position - 1 .. ' ' .. digits_of(total)
        end
      end
    end
    if changed then
      local is_needed = windows.holds or windows.override
      write_counter(counter.key, text_of_windows(windows), limit_set, opened, is_needed)
    end
  end
  return touched, latest_text, above .. texts
end
