-- What is committed of each entry of a hold (shared/holds.lua).
-- @include shared/holds.lua
-- @include shared/meters.lua

-- What is committed of an entry's field: the earlier windows are filled first, and all that is more is in the last.
local function committed_entries(entries, meters)
  local last, left, result = {}, {}, {}
  for i, entry in ipairs(entries) do
    last[entry.field] = i
  end
  for i, entry in ipairs(entries) do
    local field = entry.field
    local rest = left[field] or meters[meter_of(field)] or 0
    local units = last[field] == i and rest or math.min(entry.units, rest)
    left[field] = rest - units
    result[i] = { field = field, starts = entry.starts, units = field == CONCURRENT and 0 or units }
  end
  return result
end

-- Whether every entry has all that is held of its meter: then a commit of what is held leaves the entries as they are.
local function are_whole(entries, meters)
  for _, entry in ipairs(entries) do
    if entry.field == CONCURRENT or entry.units ~= meters[meter_of(entry.field)] then return false end
  end
  return true
end
