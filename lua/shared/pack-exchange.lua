-- What a reservation changes in what it has of packs.
-- @include shared/meters.lua
-- @include shared/pack-holds.lua

-- The packs beside counters that have any, by key, each with what a reservation held of them taken off their holds, and
-- whether it held any.
function pack_store.taken_off(counters, r, now)
  local found, is_live = {}, false
  for _, counter in ipairs(counters) do
    local key = pack_store.key_beside(counter.key)
    local packs = key and not found[key] and pack_store.read_now(key, now)
    if packs and packs[1] then
      found[key] = packs
      local member = packs.has_holds and r.packs and r.reference .. ' ' .. r.on_expiry .. ' ' .. r.packs
      if member and redis.call('ZREM', key .. '!holds', member) > 0 then
        is_live, packs.has_holds = true, redis.call('ZCARD', key .. '!holds') > 0
      end
    end
  end
  return found, is_live
end

-- Puts `parts` in the place of what a reservation has of the packs beside its counters, held until `expires`, or
-- without that for good. What its expiry had given back is taken again as far as it is there. One that a node has
-- replayed holds nothing of packs that were lost: added again, they have all. Returns the parts.
function pack_store.change(counters, r, parts, expires, now)
  local found, is_live = pack_store.taken_off(counters, r, now)
  local is_taken = is_live or r.state == 'c' or r.on_expiry == 'c' or r.expires > now
  local before, given = pack_store.parts_of(is_taken and r.packs or ''), {}
  for _, packs in pairs(found) do
    for _, pack in ipairs(packs) do
      local had, part = pack_store.part_of(before, pack.id), pack_store.part_of(parts, pack.id)
      local left = pack.left + (had and had.units or 0)
      if part then
        part.units, given[part], packs.gives = math.min(part.units, left), true, true
      end
      pack.left = math.min(left - (part and part.units or 0), tonumber(pack.amount))
    end
  end
  for _, part in ipairs(parts) do
    if not given[part] and not is_taken then part.units = 0 end
  end
  r.packs = pack_store.text_of_parts(parts)
  for key, packs in pairs(found) do
    if expires and packs.gives and r.packs then pack_store.hold(key, packs, r, expires, now) end
    pack_store.write_left(key, packs)
  end
  return parts
end

function pack_store.hold(key, packs, r, expires, now)
  local beside, member = key .. '!holds', r.reference .. ' ' .. r.on_expiry .. ' ' .. r.packs
  redis.call('ZADD', beside, string.format('%d', expires), member)
  local lives_ms = math.max(expires - now, 0) + 3600000
  if redis.call('PTTL', beside) < lives_ms then
    redis.call('PEXPIRE', beside, string.format('%d', lives_ms))
  end
  packs.has_holds = true
end

-- What stays taken of packs, where these meters are committed or none, with what the commit draws on them; what of the
-- meters is in windows then.
local function end_parts(counters, r, meters, now)
  local parts, held = pack_store.parts_of(r.packs), read_meters(r.held)
  for _, part in ipairs(r.drawn or {}) do
    held[part.meter] = (held[part.meter] or 0) + part.units
  end
  parts = pack_store.joined_parts(parts, r.drawn or {})
  local kept = meters and pack_store.kept_parts(parts, held, meters) or {}
  pack_store.change(counters, r, kept, nil, now)
  return meters and pack_store.in_windows(meters, kept)
end
