-- How a reservation is recorded that was decided without the store.
-- @include shared/hold-settle.lua
-- @include shared/hold-settled-units.lua

-- Counts and holds in every limit of a counter. Returns its entries, how many limits it should change and has
-- changed, whether a window opens, and of each limit above its max its position and its units.
local function count_settled(state, c, before, meters, now)
  local group, counter = state[1], state[2][c]
  local result = { entries = {}, wanted = 0, touched = 0, opens = false, above = {} }
  for l = 1, counter.limit_set.size do
    local limit, position = counter.limit_set[l], before + l
    local index = index_of(limit, position, group.indexes, nil)
    local units, held, said = units_of_limit(state, limit, position, meters, now)
    local total, opens = add_to_window(limit, index, counter.windows, units, now)
    local counts_later = said + (state[3].given[meter_of(limit.field)] or 0)
    if units == 0 and counts_later > 0 and limit.field ~= CONCURRENT then
      -- It is over and gave all of it back, or packs gave it: a later commit counts in the window where it was.
      total, opens = add_to_window(limit, index, counter.windows, counts_later, now)
      total = total and add_to_window(limit, index, counter.windows, -counts_later, now)
    end
    if units ~= 0 then result.wanted = result.wanted + 1 end
    if total then
      local window = counter.windows[limit.field]
      window.reserved = window.reserved + held
      result.touched, result.opens = result.touched + 1, result.opens or opens
      if total > limit.max then result.above[#result.above + 1] = position - 1 .. ' ' .. digits_of(total) end
    end
    local in_entry = (held == 0 or total) and said or 0
    local starts = own.settled_window(counter.windows, limit, index)
    result.entries[l] = { field = limit.field, starts = starts, units = in_entry }
  end
  return result
end

-- Writes a counter, and the hold that is placed on it.
local function write_settled_counter(counter, counted, r, identity, is_held, now)
  local lives_ms = math.max(identity.ends - now, 0)
  if is_held and counted.entries[1] then
    local member = member_of(r.reference, r.on_expiry, text_of_entries(counted.entries))
    add_hold(counter.key, counter.windows, member, identity.expires, lives_ms)
  end
  if not counter.windows[1] or not is_held and counted.touched == 0 then return end
  write_counter_with_holds(counter.key, counter.windows, counter.limit_set, counted.opens, lives_ms)
end

-- Places the hold, or counts what was committed of it, or remembers that it was released.
local function place_settled_hold(bucket, state, now)
  local group, counters, identity = unpack(state)
  local r, texts, above = new_settled_reservation(identity, group.intent), {}, {}
  local before, wanted, touched = 0, 0, 0
  identity.given = identity.packs and held_packs().given_by(identity.packs) or {}
  local meters = read_meters(r.committed == '-' and r.held or r.committed)
  local is_held = group.intent == 'hold' and identity.expires > now
  for c, counter in ipairs(counters) do
    local counted = count_settled(state, c, before, meters, now)
    before, texts[c] = before + counter.limit_set.size, text_of_entries(counted.entries)
    wanted, touched = wanted + counted.wanted, touched + counted.touched
    for _, text in ipairs(counted.above) do
      above[#above + 1] = text
    end
    write_settled_counter(counter, counted, r, identity, is_held, now)
  end
  r.windows = table.concat(texts, '/')
  write_settled_hold(bucket, identity, r, now)
  if group.intent == 'release' then return touched > 0 and 'reversed' or 'voided' end
  return wanted > 0 and touched == 0 and 'late' or 'counted ' .. table.concat({ #above, unpack(above) }, ' ')
end
