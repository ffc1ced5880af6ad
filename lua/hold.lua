-- Takes units from every counter of a reserve and holds them, or takes none. A call decides many, each on its own.
--
-- KEYS    of each reserve: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua)
-- ARGV[3] groups of reserves (shared/check-group.lua)
-- ARGV[4…] identity of each reserve: `;<last character of the operation id> <content> <attempt> <reference> <ttl>
--         <r|c> <at>`: what names its holds, how long it holds (ms), whether its expiry releases or commits, and
--         when it is taken, where that is to be the same on several shards, else `-`
-- Returns one text of words separated by spaces: format, now (ms), then of each reserve its outcome:
--         +taken | +packed | +replayed | +refused | +too-many-holds, each followed by window index and units of each
--         limit, by how many of them are held, with `!` before it then by what each has of an override or `-`; the
--         first three by the reservation (shared/reservation-words.lua), packed then by what packs gave (shared/
--         pack-takes.lua); conflict | refunded | expired | window-mismatch | wrong-type, followed by nothing
--[[ Sample
# Operation `…7` holds 1 unit of a counter that has 10 a day, in a window that lasts until 2059, for a minute.
redis-cli --eval <(node scripts/print-lua.mjs hold) bucket counter , '2 0 900000 3600000' \
  'd 10 1 0 zzzzzzzz zzzzzzzzz' '1 9007199254740991 1 1' ';7 1 attempt ref 60000 r -' | cut -d ' ' -f 1,3-7
#> "2 +taken 0 1 1 hr-
# Format 2, taken; of the day: window index 0 (the current window), 1 unit, 1 of them held; held, to be released.
]]
-- @include shared/call-header.lua
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/limit-sets.lua
-- @include shared/check-group.lua
-- @include shared/hold-reserve.lua
-- @include shared/hold-replay.lua
local keys, argv, FIRST_IDENTITY = KEYS, ARGV, 4
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local groups = read_check_groups(argv[3], limit_sets, #keys, #argv - FIRST_IDENTITY + 1)
local identities = read_hold_identities(argv, FIRST_IDENTITY)
local indexes, used, held, buckets = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { false, false }, {}

-- Decides the reserve whose bucket is keys[key]. Returns its outcome, how many limits were read, and what else it says.
local function decide(group, key, identity)
  if now > group.deadline then return 'expired', 0 end
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
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type', 0 end
  local outcome, reservation = replay_hold(bucket, identity, now, remember_ms)
  if outcome then return outcome, limit_count, reservation and words_of_reservation(reservation, now) end
  local drawn = not room and held_packs().draw(keys, key, group, held, used, now)
  if not (room or drawn) then return 'refused', limit_count end
  if is_full then return 'too-many-holds', limit_count end
  reservation = new_reservation(identity, math.max(now, latest), now, remember_ms)
  local answer, words = hold_reserve(keys, key, { group, held, indexes, used, drawn }, reservation, now)
  write_lasting_record(bucket, identity.prefix, text_of_reservation(reservation), reservation.ends - now)
  return answer, limit_count, words
end

local SHOWN = { taken = true, packed = true, refused = true, replayed = true, ['too-many-holds'] = true }
local answers, key, next_one = { FORMAT .. ' ' .. digits_of(now) }, 1, FIRST_IDENTITY
for _, group in ipairs(groups) do
  for _ = 1, group.checks do
    local answer, limit_count, more = decide(group, key, identities[next_one])
    local shown = SHOWN[answer] and limit_count or 0
    for limit = 1, shown do
      answer = answer .. (indexes[limit] == 0 and ' 0 ' or ' 1 ') .. digits_of(used[limit])
    end
    answer = with_reserved(answer, shown, group, held, indexes)
    key, next_one = key + 1 + group.size, next_one + 1
    answers[#answers + 1] = more and answer .. more or answer
  end
end
write_buckets(buckets)
return table.concat(answers, ' ')
