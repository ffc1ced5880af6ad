-- How units come back to the packs they were taken from, also where those have expired or were cancelled since. None
-- has more than it began with: one that was added again after the store had lost it has all of them already.
-- @include shared/group-amounts.lua
-- @include shared/meters.lua
-- @include shared/pack-parts.lua

-- Gives back what a record says was taken from packs, beside the `count` counters behind keys[key]. Returns it by
-- meter: the windows have counted so much less.
local function return_to_packs(keys, key, count, parts)
  local by_pack, by_meter, seen = {}, {}, {}
  for _, part in ipairs(pack_store.parts_of(parts)) do
    by_pack[part.id] = part.units
    by_meter[part.meter] = (by_meter[part.meter] or 0) + part.units
  end
  for c = 1, count do
    local packs_key = pack_store.key_beside(keys[key + c])
    if packs_key and not seen[packs_key] then
      seen[packs_key] = true
      local packs, has_changed = pack_store.read(packs_key) or {}, false
      for _, pack in ipairs(packs) do
        local units = by_pack[pack.id]
        if units then
          pack.left, has_changed = math.min(pack.left + units, tonumber(pack.amount)), true
        end
      end
      if has_changed then pack_store.write_left(packs_key, packs) end
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
