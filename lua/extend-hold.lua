-- Prolongs reservations and adds to what they hold: all that is added is decided like a check, in the windows of
-- now, and all of it is held or none. A call extends many, each on its own and in order.
--
-- KEYS    of each extension: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua)
-- ARGV[3…] of each extension: `;<last character of the operation id> <deadline> <ttl> <at> <meters> <limit set> …`:
--         the instant after which it does nothing (store clock, ms), for how long it holds from now on at least (ms),
--         when it was taken (`-`: whichever it is), the meters that it names (shared/meters.lua), and of each counter
--         the position of its limit set (from 1), or 0 for none, where its rule is gone
-- Returns one text of words separated by spaces: format, now (ms), then of each extension its outcome:
--         extended | packed | refused, each followed by window index and units of each limit, with `+` before it then
--         by how many of them are held, with `!+` then by what each has of an override, and by the reservation
--         (shared/reservation-words.lua); the first two then by what takes it back (undo-extension.lua), packed by
--         what packs gave (shared/pack-takes.lua), too;
--         ended-otherwise, followed by the reservation and its windows (shared/endings.lua);
--         not-found | expired | window-mismatch | wrong-type
--[[ Sample
# The reservation of operation `…7` is to hold 2 units for another minute: there is no such reservation.
redis-cli --eval <(node scripts/print-lua.mjs extend-hold) bucket counter , '2 0 900000 3600000' \
  'd 10 1 0 zzzzzzzz zzzzzzzzz' ';7 9007199254740991 60000 - units=2 1'
#> "2 1795712775918 not-found"
# Format 2, the store's clock; the bucket has no record of it.
]]
-- @include shared/call-header.lua
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/limit-sets.lua
-- @include shared/limit-set-positions.lua
-- @include shared/operation-bucket.lua
-- @include shared/endings.lua
-- @include shared/window-words.lua
-- @include shared/reservation-lookup.lua
-- @include shared/reservation-words.lua
-- @include shared/hold-extend.lua
-- @include shared/hold-growth.lua
local keys, argv, FIRST_EXTENSION = KEYS, ARGV, 3
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = argv[2] == '' and {} or read_limit_sets(argv[2], now, margin_ms)
local extensions = read_extensions(argv, FIRST_EXTENSION, limit_sets, #keys)

local buckets = {}

-- Extends the reservation whose bucket is keys[key]. Returns its outcome, as it is answered.
local function extend_one(extension, key)
  if now > extension.deadline then return 'expired' end
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type' end
  local r = find_reservation(bucket, extension, now, remember_ms)
  if not r then return 'not-found' end
  local counters, failure = read_held_counters(keys, key, extension.size, r, now)
  if not counters then return failure end
  if r.state ~= 'h' or has_expired(r, now) then
    return 'ended-otherwise' .. words_of_reservation(r, now) .. words_of_windows(counters)
  end
  local group, kept = group_of_limit_sets(counters, extension)
  if not group then return kept or 'window-mismatch' end
  local meters = overlay_larger_meters(read_meters(r.held), extension.meters)
  local new = { meters = meters, added = added_to(read_meters(r.held), meters), ttl_ms = extension.ttl_ms }
  local fits, before = adds_fit(group, new.added), held_word(r) .. ' ' .. r.expires_text .. ' ' .. r.windows
  new.drawn = not fits and held_packs().draw_for_more(keys, key, extension, group, new.added, now)
  if not (fits or new.drawn) then return words_of_limits('refused', group) .. words_of_reservation(r, now) end
  extend_reservation(counters, group, r, new, now, remember_ms)
  write_lasting_record(bucket, r.prefix, text_of_reservation(r), r.ends - now)
  local undo = ' ' .. held_word(r) .. ' ' .. r.expires_text .. ' ' .. before
  return words_of_limits(new.drawn and 'packed' or 'extended', group)
    .. words_of_reservation(r, now)
    .. undo
    .. (new.drawn and held_packs().words(new.drawn) or '')
end

local answers, key = { FORMAT, digits_of(now) }, 1
for _, extension in ipairs(extensions) do
  answers[#answers + 1] = extend_one(extension, key)
  key = key + 1 + extension.size
end
write_buckets(buckets)
return table.concat(answers, ' ')
