-- What an ending answers of the windows of its counters.
-- @include shared/number.lua

-- Of the windows of a reservation that its counters are still in: how many, and of each the position of its counter
-- (from 0), its field, its start, its units, and how many of them are held.
local function words_of_windows(counters)
  local count, words = 0, ''
  for c, counter in ipairs(counters) do
    local seen = {}
    for _, entry in ipairs(counter.entries) do
      local window = counter.windows[entry.field]
      if window and window.starts == entry.starts and not seen[entry.field] then
        count, seen[entry.field] = count + 1, true
        local units = digits_of(window.used) .. ' ' .. digits_of(window.reserved)
        words = words .. ' ' .. c - 1 .. ' ' .. entry.field .. ' ' .. entry.starts .. ' ' .. units
      end
    end
  end
  return ' ' .. count .. words
end
