-- How units come back to the packs they were taken from, also where those have expired or were cancelled since.
-- @include shared/group-amounts.lua
-- @include shared/meters.lua
-- @include shared/packs.lua

-- Gives back what a record says was taken from packs, beside the `count` counters behind keys[key]. Returns it by
-- meter: the windows have counted so much less.
local function return_to_packs(keys, key, count, parts)
  local by_pack, by_meter, seen = {}, {}, {}
  for id, meter, units in string.gmatch(parts, '([^/,]+)/([^/,]+)/([0-9a-z]+)') do
    by_pack[id] = tonumber(units, 36)
    by_meter[meter] = (by_meter[meter] or 0) + by_pack[id]
  end
  for c = 1, count do
    local packs_key = packs_key_of(keys[key + c])
    if packs_key and not seen[packs_key] then
      seen[packs_key] = true
      local packs, has_changed = read_packs(packs_key) or {}, false
      for _, pack in ipairs(packs) do
        local units = by_pack[pack.id]
        if units then
          pack.left, has_changed = math.min(pack.left + units, MAX_INTEGER), true
        end
      end
      if has_changed then write_left(packs_key, packs) end
    end
  end
  return by_meter
end

-- A group that takes less of the meters of which packs gave units.
local function without_packs(group, from_packs)
  local less, amounts, position = { size = group.size, indexes = group.indexes }, {}, 0
  for c = 1, group.size do
    less[c] = group[c]
    for i = 1, group[c].size do
      position = position + 1
      local given = from_packs[meter_of(group[c][i].field)] or 0
      amounts[position] = math.max(amount_at(group, position) - given, 0)
    end
  end
  less.amount = amounts
  return less
end
