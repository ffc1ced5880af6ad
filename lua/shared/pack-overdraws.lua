-- What a commit takes from packs of what it counts above what is held: what the windows that gave it have no room for.
-- What packs don't have counts in the windows, above the max.
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/limit-sets.lua
-- @include shared/limit-set-positions.lua
-- @include shared/pack-exchange.lua
-- @include shared/pack-takes.lua

-- Whether the packs beside counters have units of a meter of which `more` is committed than is held.
local function have_units(counters, more, now)
  for _, counter in ipairs(counters) do
    local packs_key = pack_store.key_beside(counter.key)
    for _, pack in ipairs(packs_key and pack_store.read_now(packs_key, now) or {}) do
      if more[pack.meter] and pack.left > 0 and pack.expires > now then return true end
    end
  end
  return false
end

-- What each limit takes that is still in the window that gave last; nil where the node has to offer other windows.
local function group_of_more(counters, group, more)
  local position = 0
  for c, counter in ipairs(counters) do
    local limit_set, starts = group[c], {}
    if limit_set.has_mismatch then return nil end
    read_slow(counter.windows, limit_set, position, group.indexes, group.used)
    if group.indexes.kept then return nil, own.take_kept(group.indexes) end
    group.held[c] = counter.windows
    for _, entry in ipairs(counter.entries) do
      starts[entry.field] = entry.starts
    end
    for i = 1, limit_set.size do
      position = position + 1
      local limit = limit_set[i]
      local is_in_it = starts[limit.field] == start_text_of(limit, group.indexes[position])
      local takes = is_in_it and limit.field ~= CONCURRENT and more[meter_of(limit.field)]
      group.amount[position] = takes or 0
    end
  end
  return group
end

-- Notes in the reservation what its commit takes so. Returns an outcome where the node has to offer windows.
local function overdraw(keys, key, counters, r, commit)
  local now = commit.now
  if not have_units(counters, commit.more, now) then return nil end
  if commit.offered.positions == '' then return 'window-mismatch' end
  local group = { size = 0, amount = {}, held = {}, indexes = {}, used = {} }
  local offered = commit.offered
  local sets = offered.limit_sets ~= '' and read_limit_sets(offered.limit_sets, now, offered.margin_ms) or {}
  add_limit_sets(group, offered.positions, sets, NO_LIMITS)
  local asked, kept = group_of_more(counters, group, commit.more)
  if not asked then return kept or 'window-mismatch' end
  local drawn = { parts = {}, words = {} }
  for _, lack in ipairs(lacking_meters(keys, key, asked, asked.held, asked.used) or {}) do
    draw_on(pack_store.read_now(lack.key, now) or {}, lack, now, drawn)
  end
  r.drawn = pack_store.parts_of(table.concat(drawn.parts, ','))
  return nil
end
