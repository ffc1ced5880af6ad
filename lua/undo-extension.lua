-- Takes back what an extension has added to reservations, where another shard of a Redis Cluster has refused it: then
-- no shard holds it. A reservation that has changed since stays as it is.
--
-- KEYS    of each: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)
-- ARGV[2…] of each: `;<last character of the operation id> <counters> <at> <held> <expires> <held before> <expires
--         before> <windows before>`: how many counters it has, when it was taken, and as extend-hold.lua says it,
--         what it holds and when it expires, both as they are and as they were, and its entries as they were
-- Returns one text of words separated by spaces: format, now (ms), then of each its outcome: undone | changed |
--         not-found | wrong-type
--[[ Sample
# The extension of the reservation of operation `…7` to 2 units is taken back: there is no such reservation.
redis-cli --eval <(node scripts/print-lua.mjs undo-extension) bucket counter , '2 0 900000 3600000' \
  ';7 1 - 2 mwr2lmo0 1 mwr2lmo0 dmwqz1a80=1'
#> "2 1795712775918 not-found"
# Format 2, the store's clock; the bucket has no record of it.
]]
-- @include shared/call-header.lua
-- @include shared/operation-bucket.lua
-- @include shared/reservation-lookup.lua
-- @include shared/undone-extensions.lua
local keys, argv, FIRST_UNDO = KEYS, ARGV, 2
local now, remember_ms, margin_ms = read_call_header(argv[1])
local undos = read_undos(argv, FIRST_UNDO, #keys)

local buckets = {}

-- Takes back the extension of the reservation whose bucket is keys[key]. Returns the outcome.
local function undo_one(undo, key)
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type' end
  local r = find_reservation(bucket, undo, now, remember_ms)
  if not r then return 'not-found' end
  if not is_as_extended(r, undo, now) then return 'changed' end
  local counters, failure = read_held_counters(keys, key, undo.counters, r, now)
  if not counters then return failure end
  take_back_extension(counters, undo, r, now, math.max(undo.expires - now, 0) + margin_ms)
  if r.ends == r.expires + remember_ms then r.ends = undo.expires + remember_ms end
  r.held, r.windows, r.expires_text = undo.held, undo.windows, undo.expires_text
  r.until_text = text_of_instant(r.ends)
  write_lasting_record(bucket, r.prefix, text_of_reservation(r), math.max(r.ends - now, 1))
  return 'undone'
end

local answers, key = { FORMAT, digits_of(now) }, 1
for _, undo in ipairs(undos) do
  answers[#answers + 1] = undo_one(undo, key)
  key = key + 1 + undo.counters
end
write_buckets(buckets)
return table.concat(answers, ' ')
