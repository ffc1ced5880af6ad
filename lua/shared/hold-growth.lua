-- What an extension adds to a reservation and to its counters.
-- @include shared/counter-slow-path.lua
-- @include shared/hold-end.lua
-- @include shared/hold-entries.lua

-- What a limit holds of what is added: without what packs gave, unless it counts what is held at once.
local function added_to_limit(limit, new)
  local meter = meter_of(limit.field)
  local lack = new.drawn and limit.field ~= CONCURRENT and new.drawn.lacking[meter]
  return (new.added[meter] or 0) - (lack and lack.units or 0)
end

-- Holds what is added to a counter, in the windows of now. Whether it opens one of them.
local function add_to_held_counter(counter, group, c, before, new)
  local opens, windows, limit_set = false, counter.windows, group[c]
  for i = 1, limit_set.size do
    local limit, at = limit_set[i], before + i
    local units = added_to_limit(limit, new)
    if units > 0 then
      local starts = start_text_of(limit, group.indexes[at])
      group.used[at] = math.min(group.used[at] + units, MAX_INTEGER)
      opens = own.set_limit(windows, limit, group.indexes[at], group.used[at]) or opens
      windows[limit.field].reserved = windows[limit.field].reserved + units
      local entry = entry_of(counter.entries, limit.field, starts)
      entry.units = entry.units + units
    end
  end
  return opens
end

-- Extends the reservation to `new.meters`, of which some are `added`, in part `drawn` from packs, for `ttl_ms` from now
-- on: never shorter than it was.
local function extend_reservation(counters, group, r, new, now, remember_ms)
  local before, texts = 0, {}
  r.expires = math.max(r.expires, now + new.ttl_ms)
  if r.packs or new.drawn then held_packs().extend(counters, r, new.drawn, now) end
  for c, counter in ipairs(counters) do
    local key, windows, limit_set = counter.key, counter.windows, group[c]
    remove_hold(key, windows, member_of(r.reference, r.on_expiry, counter.text))
    local opens = add_to_held_counter(counter, group, c, before, new)
    before = before + limit_set.size
    texts[c] = text_of_entries(counter.entries)
    local lives_ms = r.expires - now + (limit_set.margin_ms or remember_ms)
    add_hold(key, windows, member_of(r.reference, r.on_expiry, texts[c]), r.expires, lives_ms)
    write_counter_with_holds(key, windows, limit_set, opens, lives_ms)
  end
  r.held, r.windows = text_of_meters(new.meters), table.concat(texts, '/')
  r.expires_text, r.ends = text_of_instant(r.expires), math.max(r.ends, r.expires + remember_ms)
  r.until_text = text_of_instant(r.ends)
end
