-- What a reserve takes from packs, and holds.
-- @include shared/pack-exchange.lua
-- @include shared/pack-takes.lua

-- Holds what a reserve takes of packs. Returns the group as its windows count it.
local function hold_drawn(keys, key, group, drawn, reservation, now)
  local less, counters = { size = group.size, amount = amounts_beside_packs(group, drawn) }, {}
  for c = 1, group.size do
    less[c], counters[c] = group[c], { key = keys[key + c] }
  end
  local parts = pack_store.parts_of(table.concat(drawn.parts, ','))
  pack_store.change(counters, reservation, parts, reservation.expires, now)
  return less
end
