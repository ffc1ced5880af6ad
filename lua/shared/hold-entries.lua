-- The entries of a reservation that grows, or is held once more.
-- @include shared/holds.lua

-- The entry of a window, which a reservation has from its first unit in it on.
local function entry_of(entries, field, starts)
  for _, entry in ipairs(entries) do
    if entry.field == field and entry.starts == starts then return entry end
  end
  local entry = { field = field, starts = starts, units = 0 }
  entries[#entries + 1] = entry
  return entry
end

-- It had expired before the store heard that it was extended in time: its units are held once more.
local function hold_again(windows, r, entries)
  for _, entry in ipairs(entries) do
    local window = windows[entry.field]
    if window and window.starts == entry.starts then
      local is_counted = r.on_expiry == 'c' and entry.field ~= CONCURRENT
      window.used = math.min(window.used + (is_counted and 0 or entry.units), MAX_INTEGER)
      window.reserved = math.min(window.reserved + entry.units, window.used)
    end
  end
end
