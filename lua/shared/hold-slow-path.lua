-- The slow path of a reserve: one that repeats an operation or has no room, or whose counters have holds, an override,
-- or other windows than those of now. It reads its counters window by window.
-- @include shared/counter-slow-path.lua
-- @include shared/hold-replay.lua
-- @include shared/hold-reserve.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/reserved-words.lua
local MAX_HOLDS = 10000

-- What the words of a reserve say (shared/hold-words.lua).
local function identity_of(words)
  return {
    prefix = words[1],
    content = words[2],
    attempt = words[3],
    attempts = words[3],
    reference = words[4],
    ttl_ms = integer(words[5]),
    on_expiry = words[6],
    at = words[7] ~= '-' and instant_argument(words[7]) or nil,
  }
end

-- Decides the reserve whose bucket is keys[key]. Returns its outcome, how many limits were read, and what else it says.
local function decide(call, group, key, identity)
  local keys, now, used, indexes, held = call.keys, call.now, call.used, call.indexes, call.held
  local limit_count, room, is_full, latest = 0, true, false, -math.huge
  for c = 1, group.size do
    local limit_set = group[c]
    if limit_set.has_mismatch then return 'window-mismatch', 0 end
    local windows = read_counter_with_holds(keys[key + c], now)
    if not windows then return 'wrong-type', 0 end
    latest = math.max(latest, (read_slow(windows, limit_set, limit_count, indexes, used)))
    if indexes.kept then return own.take_kept(indexes), 0 end
    local own_set = with_override(keys[key + c], windows, limit_set, limit_count, indexes)
    room = room and (group.amount == 0 or group.fits(own_set, limit_count, group.amount, used))
    held[c], limit_count = windows, limit_count + limit_set.size
    is_full = is_full or windows.holds and windows.holds.count >= MAX_HOLDS
  end
  local bucket = call.buckets[keys[key]] or open_bucket(call.buckets, keys[key])
  if not bucket then return 'wrong-type', 0 end
  local outcome, reservation = replay_hold(bucket, identity, now, call.remember_ms)
  if outcome then return outcome, limit_count, reservation and words_of_reservation(reservation, now) end
  local drawn = not room and held_packs().draw(keys, key, group, held, used, now)
  if not (room or drawn) then return 'refused', limit_count end
  if is_full then return 'too-many-holds', limit_count end
  reservation = new_reservation(identity, math.max(now, latest), now, call.remember_ms)
  local answer, words = hold_reserve(keys, key, { group, held, indexes, used, drawn }, reservation, now)
  write_lasting_record(bucket, identity.prefix, text_of_reservation(reservation), reservation.ends - now)
  return answer, limit_count, words
end

local SHOWN = { taken = true, packed = true, refused = true, replayed = true, ['too-many-holds'] = true }

-- The answer to the reserve whose bucket is keys[key].
local function reserve(call, group, key, words)
  local indexes = call.indexes or { 0, 0, 0, 0 }
  call.indexes, call.held = indexes, call.held or { false, false }
  local answer, limit_count, more = decide(call, group, key, identity_of(words))
  local shown = SHOWN[answer] and limit_count or 0
  for limit = 1, shown do
    answer = answer .. (indexes[limit] == 0 and ' 0 ' or ' 1 ') .. digits_of(call.used[limit])
  end
  answer = with_reserved(answer, shown, group, call.held, indexes)
  return more and answer .. more or answer
end

return { reserve = reserve }
