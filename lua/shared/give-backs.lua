-- How units are given back to limits that never reset.
-- @include shared/counter-slow-path.lua
-- @include shared/group-amounts.lua
-- @include shared/hold-changes.lua
-- @include shared/operation-record.lua
-- @include shared/reservation-record.lua

-- Whether of every limit of a counter as much is used as is given back to it. Held units are not used.
local function has_used(windows, group, c, before, used)
  for i = 1, group[c].size do
    local window = windows[group[c][i].field]
    local total, reserved = used[before + i], window and window.reserved or 0
    if total - math.min(reserved, total) < amount_at(group, before + i) then return false end
  end
  return true
end

-- The outcome of one whose operation has a record already; nil when it is a new one.
local function replay_return(record, identity, now, remember_ms)
  if not record or is_tombstone(record) then return nil end
  local mark = read_mark(record, now)
  if mark and mark.kind == 'g' and mark.ends > now then
    return mark.content == string.match(identity, '^;%S (%S+)') and 'replayed' or 'conflict'
  end
  if is_of_other_kind(record) then
    local standing = standing_of(record, now)
    return standing == 'refunded' and 'conflict' or standing
  end
  local counted = read_record(record, now, remember_ms)
  if not counted then return 'wrong-type' end
  return counted.ends > now and 'conflict' or nil
end

local function take_back(keys, key, group, held, used)
  local position = 0
  for c = 1, group.size do
    for i = 1, group[c].size do
      position = position + 1
      local window, amount = held[c][group[c][i].field], amount_at(group, position)
      if window and amount > 0 then
        window.used = window.used - amount
        used[position] = window.used
      end
    end
    if held[c][1] then write_ended(keys[key + c], held[c]) end
  end
end
