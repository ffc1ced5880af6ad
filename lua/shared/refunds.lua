-- How an operation is refunded. `found` has the keys of the call, the position of its bucket among them, and what its
-- record says.
-- @include shared/hold-end.lua
-- @include shared/limit-set.lua
-- @include shared/meters.lua
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua
-- @include shared/own-windows.lua
-- @include shared/refund-record.lua

-- Takes back what a check had counted, from the windows of that instant.
local function refund_counted(bucket, refund, found, now, remember_ms)
  local keys, key, counted = unpack(found)
  local meters, counters = read_meters(counted.content), {}
  for c = 1, refund.size do
    local windows = read_counter_with_holds(keys[key + c], now)
    if not windows then return 'wrong-type' end
    counters[c] = windows
  end
  if counted.packs then
    for meter, units in pairs(held_packs().return_to(keys, key, refund.size, counted.packs)) do
      meters[meter] = math.max((meters[meter] or 0) - units, 0)
    end
  end
  for c, windows in ipairs(counters) do
    for i = 1, refund[c].size do
      local limit = refund[c][i]
      local index = window_index_at(counted.at, limit.current, limit.next, limit.after)
      if not index and limit.ends_field then index = own.index_at(windows, limit, counted.at) end
      local units = meters[meter_of(limit.field)] or 0
      if index then
        local starts = own.settled_window(windows, limit, index)
        add_to_entry(windows, { field = limit.field, starts = starts }, -units)
      end
    end
    if windows[1] then write_ended(keys[key + c], windows) end
  end
  write_refunded(
    bucket,
    refund,
    counted.content,
    counted.attempts,
    math.max(counted.ends - now, remember_ms),
    now
  )
  return refunded(counted.content)
end

local function write_refunded_reservation(bucket, refund, r, now, remember_ms)
  r.refunded, r.ends = 'f', math.max(r.ends, refund.ends, now + remember_ms)
  r.until_text = text_of_instant(r.ends)
  write_lasting_record(bucket, r.prefix, text_of_reservation(r), r.ends - now)
end

-- Takes back what a reservation had counted in the end: what was committed, or what its expiry had. `settle` releases
-- one that is held, whatever would end it later, and keeps the id of one that is over from being used again.
local function refund_reservation(bucket, refund, found, now, remember_ms)
  local keys, key, r = unpack(found)
  local amounts, is_settled = r.state == 'c' and r.committed or r.held, refund.intent == 'settle'
  local is_held = r.state == 'h' and not has_expired(r, now)
  if r.refunded == 'f' then return refunded(amounts) end
  if is_held and not is_settled then return 'held' end
  if is_free(r, now) then
    if not is_settled then return 'not-found' end
    write_refunded_reservation(bucket, refund, r, now, remember_ms)
    return 'voided'
  end
  local counters, failure = read_held_counters(keys, key, refund.size, r, now)
  if not counters then return failure end
  if is_held then end_reservation(counters, r, nil, now) end
  if r.packs then held_packs().change(counters, r, {}, nil, now) end
  for _, counter in ipairs(counters) do
    for _, entry in ipairs(counter.entries) do
      add_to_entry(counter.windows, entry, -entry.units)
    end
    if counter.windows[1] then write_ended(counter.key, counter.windows) end
  end
  write_refunded_reservation(bucket, refund, r, now, remember_ms)
  return refunded(amounts)
end
