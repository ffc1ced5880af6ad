-- How the settlement of a hold joins the reservation that is there: it is held until the later of their expiries, and
-- as much as an extension had made of it.
-- @include shared/counter-slow-path.lua
-- @include shared/hold-settle.lua
-- @include shared/hold-entries.lua

-- Adds what an extension added to the limits of a counter: held, or where that has expired since as its expiry left it.
-- Returns whether a window opens.
local function add_extension(counter, joined, before, now)
  local opens, limit_set, entries = false, joined.group[counter.position], counter.entries
  for l = 1, limit_set.size do
    local limit, position = limit_set[l], before + l
    local units_of_meter = limit.field == CONCURRENT and joined.added or joined.in_windows
    local added = units_of_meter[meter_of(limit.field)] or 0
    local is_left = joined.is_held or joined.on_expiry == 'c' and limit.field ~= CONCURRENT
    local index = index_of(limit, position, joined.group.indexes, nil)
    local total, is_new = add_to_window(limit, index, counter.windows, is_left and added or 0, now)
    if total then
      local entry = entry_of(entries, limit.field, (own.settled_window(counter.windows, limit, index)))
      entry.units, opens = entry.units + added, opens or is_new
      local window = counter.windows[limit.field]
      window.reserved = window.reserved + (joined.is_held and added or 0)
    end
  end
  return opens
end

-- What it is extended by, of each meter; nil where it is not.
local function added_meters(r, identity)
  local added, held = nil, read_meters(r.held)
  for meter, units in pairs(overlay_larger_meters(held, identity.meters)) do
    if units > (held[meter] or 0) then
      added = added or {}
      added[meter] = units - (held[meter] or 0)
    end
  end
  return added
end

local function prolong(counters, r, joined, now, lives_ms)
  local before, texts = 0, {}
  for c, counter in ipairs(counters) do
    local windows, member = counter.windows, member_of(r.reference, r.on_expiry, counter.text)
    local is_over = joined.is_held and not remove_hold(counter.key, windows, member)
    if is_over then hold_again(windows, r, counter.entries) end
    counter.position = c
    local opens = joined.added and add_extension(counter, joined, before, now)
    before, texts[c] = before + joined.group[c].size, text_of_entries(counter.entries)
    if joined.is_held and counter.entries[1] then
      local longer = member_of(r.reference, r.on_expiry, texts[c])
      add_hold(counter.key, windows, longer, joined.expires, lives_ms)
    end
    if windows[1] then write_counter_with_holds(counter.key, windows, joined.group[c], opens, lives_ms) end
  end
  r.windows = table.concat(texts, '/')
  if joined.packs and joined.is_held then
    held_packs().change(counters, r, held_packs().parts_of(joined.packs), joined.expires, now)
  end
end

local function join_hold(bucket, state, r, now)
  local group, counters, identity = unpack(state)
  if r.content ~= identity.content then return 'conflict' end
  r.attempts = allow_attempt(r.attempts, identity.attempt)
  local added, is_later = added_meters(r, identity), identity.expires > r.expires
  local is_in_time = not has_expired(r, now) or identity.decided < r.expires
  if is_in_time and (added or is_later) then
    local expires = math.max(r.expires, identity.expires)
    local joined = { group = group, added = added, expires = expires, on_expiry = r.on_expiry }
    joined.is_held = expires > now
    joined.packs, joined.in_windows = r.packs, added
    if added and identity.packs then held_packs().join(joined, r, identity.packs) end
    prolong(counters, r, joined, now, math.max(identity.ends, r.ends) - now)
    if added then r.held = text_of_meters(overlay_larger_meters(read_meters(r.held), identity.meters)) end
    r.expires, r.expires_text = expires, text_of_instant(expires)
    r.ends = math.max(r.ends, identity.ends)
  end
  write_settled_hold(bucket, identity, r, now)
  return 'already-counted'
end
