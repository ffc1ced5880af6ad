-- How a check counts that takes from packs what its limits have no room for. Its answer ends with how many packs gave,
-- and of each its id, its meter, the units it gave, and those it has left.
-- @include shared/pack-draws.lua

-- The identity of an operation, with what it takes from packs behind its content.
local function packed(identity, drawn)
  local start, rest = string.match(identity, '^(;%S %S+)(.*)$')
  return start .. '!' .. table.concat(drawn.parts, ',') .. rest
end

-- What an answer says of the packs: how many gave, and what each did.
local function words_of_drawn(drawn) return ' ' .. digits_of(#drawn.words) .. table.concat(drawn.words) end

-- What each limit of a group takes where packs give: all of it where it counts what is held at once.
local function amounts_beside_packs(group, drawn)
  local amounts, position = {}, 0
  for c = 1, group.size do
    for i = 1, group[c].size do
      position = position + 1
      local field, amount = group[c][i].field, amount_at(group, position)
      local lack = field ~= CONCURRENT and drawn.lacking[meter_of(field)]
      amounts[position] = amount > 0 and lack and amount - lack.units or amount
    end
  end
  return amounts
end

-- Writes the packs, and counts what they did not give. Returns the outcome, the number of limits, and what the answer
-- says of the packs; `state` holds the keys, which of them, the group, and what was read.
local function count_drawn(drawn, limit_count, state)
  local keys, key, group, held, indexes, used = unpack(state)
  for packs_key, packs in pairs(drawn.packs) do
    pack_store.write_left(packs_key, packs)
  end
  local amounts = amounts_beside_packs(group, drawn)
  add_each_to_counters(keys, key, group, amounts, held, indexes, used)
  return 'packed', limit_count, words_of_drawn(drawn)
end
