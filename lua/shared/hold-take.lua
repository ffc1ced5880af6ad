-- How a reserve takes units and holds them.
-- @include shared/counter-slow-path.lua
-- @include shared/group-amounts.lua
-- @include shared/hold-changes.lua
-- @include shared/reservation-record.lua

-- The reservation that is taken now; `at` is an instant in all of its windows, where the node names none.
local function new_reservation(identity, at, now, remember_ms)
  local expires = (identity.at or now) + identity.ttl_ms
  return {
    prefix = identity.prefix,
    state = 'h',
    on_expiry = identity.on_expiry,
    late = '-',
    refunded = '-',
    content = identity.content,
    attempts = identity.attempts,
    reference = identity.reference,
    at_text = text_of_instant(identity.at or at),
    expires = expires,
    expires_text = text_of_instant(expires),
    ends = expires + remember_ms,
    until_text = text_of_instant(expires + remember_ms),
    held = string.match(identity.content, '^[^~]+'),
    committed = '-',
  }
end

-- Takes and holds what each limit of a group takes, in the windows that `read_slow` found: `state` has the group, its
-- counters, and the window index and the units of each limit. Returns the entries of each counter, joined by `/`.
local function hold_units(keys, key, state, reservation, now)
  local group, counters, indexes, used = unpack(state)
  local position, texts = 0, {}
  for c = 1, group.size do
    local limit_set, windows, entries, opens = group[c], counters[c], {}, false
    for i = 1, limit_set.size do
      position = position + 1
      local field, amount = limit_set[i].field, amount_at(group, position)
      local starts = start_text_of(limit_set[i], indexes[position])
      used[position] = math.min(used[position] + amount, MAX_INTEGER)
      opens = own.set_limit(windows, limit_set[i], indexes[position], used[position]) or opens
      windows[field].reserved = windows[field].reserved + amount
      entries[i] = field .. starts .. '=' .. digits_of(amount)
    end
    texts[c] = table.concat(entries, ',')
    local member = member_of(reservation.reference, reservation.on_expiry, texts[c])
    local lives_ms = reservation.expires - now + limit_set.margin_ms
    add_hold(keys[key + c], windows, member, reservation.expires, lives_ms)
    write_counter_with_holds(keys[key + c], windows, limit_set, opens, lives_ms)
  end
  return table.concat(texts, '/')
end
