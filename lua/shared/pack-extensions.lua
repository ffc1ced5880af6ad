-- What an extension takes from packs, where the limits have no room for what it adds.
-- @include shared/pack-exchange.lua
-- @include shared/pack-takes.lua

-- Nil where the packs don't have it. Nothing is written. `group` has what the limits of the extension hold now.
local function draw_on_packs_for_more(keys, key, extension, group, added, now)
  local asked, position = { size = extension.size, amount = {} }, 0
  for c = 1, extension.size do
    asked[c] = extension[c]
    for i = 1, asked[c].size do
      position = position + 1
      asked.amount[position] = math.max(added[meter_of(asked[c][i].field)] or 0, 0)
    end
  end
  return draw_on_packs(keys, key, asked, group.held, group.used, now)
end

-- Notes what packs give where a node has replayed an extension: `packs` is all of it, and what windows gave is the
-- rest, but of what is held at once, for which packs never stand in.
local function join_parts(joined, r, packs)
  local more, before, in_windows = pack_store.given_by(packs), pack_store.given_by(r.packs), {}
  for meter, units in pairs(joined.added) do
    in_windows[meter] = math.max(units - (more[meter] or 0) + (before[meter] or 0), 0)
  end
  joined.packs, joined.in_windows = packs, in_windows
  if not joined.is_held then r.packs = packs end
end

-- Holds what a reservation has of packs until its new expiry, and what its extension took of them.
local function extend_parts(counters, r, drawn, now)
  local more = pack_store.parts_of(drawn and table.concat(drawn.parts, ',') or '')
  local parts = pack_store.joined_parts(pack_store.parts_of(r.packs), more)
  pack_store.change(counters, r, parts, r.expires, now)
end
