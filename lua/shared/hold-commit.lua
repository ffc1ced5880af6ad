-- What a commit counts above what is held.
-- @include shared/hold-end.lua

-- What a commit counts above what is held, of each meter where it does; nil where nothing.
local function more_than_held(held, meters)
  local more
  for meter, units in pairs(meters) do
    if units > (held[meter] or 0) then
      more = more or {}
      more[meter] = units - (held[meter] or 0)
    end
  end
  return more
end

-- Takes that from packs as far as the windows have no room for it. Returns an outcome where the node has to offer
-- windows.
local function draw_for_commit(keys, key, counters, r, commit)
  commit.more = more_than_held(read_meters(r.held), commit.meters)
  return commit.more and held_packs().overdraw(keys, key, counters, r, commit)
end
