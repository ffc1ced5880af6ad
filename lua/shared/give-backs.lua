-- How units are given back to limits that never reset.
-- @include shared/counter-slow-path.lua
-- @include shared/group-amounts.lua
-- @include shared/hold-changes.lua

-- Whether of every limit of a counter as much is used as is given back to it. Held units are not used.
local function has_used(windows, group, c, before, used)
  for i = 1, group[c].size do
    local window = windows[group[c][i].field]
    local total, reserved = used[before + i], window and window.reserved or 0
    if total - math.min(reserved, total) < amount_at(group, before + i) then return false end
  end
  return true
end

-- Lowers what is used of every limit, or with the sign -1 raises it.
local function take_back(keys, key, group, held, used, sign)
  local position = 0
  for c = 1, group.size do
    for i = 1, group[c].size do
      position = position + 1
      local window, amount = held[c][group[c][i].field], amount_at(group, position)
      if window and amount > 0 then
        window.used = math.min(window.used - sign * amount, MAX_INTEGER)
        used[position] = window.used
      end
    end
    if held[c][1] then write_ended(keys[key + c], held[c]) end
  end
end
