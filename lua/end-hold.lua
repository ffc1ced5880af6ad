-- Ends reservations, or looks at them: `commit` counts what was really used, `release` gives everything back. An
-- ending may be repeated. A call ends many, each on its own: a wrong-type key of one leaves the others alone.
--
-- KEYS    of each ending: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua), or nothing
-- ARGV[3…] of each ending: `;<last character of the operation id> <counters> <deadline> <commit|release|look>
--         <at> <meters> <limit set> …`: how many counters it has, the instant after which it does nothing (store
--         clock, ms), when it was taken (`-`: whichever it is), the meters that a commit names (shared/meters.lua), and
--         where it was asked for them the limit sets of its counters, as extend-hold.lua has them
-- Returns one text of words separated by spaces: format, now (ms), then of each ending its outcome:
--         ended | found | ended-otherwise, each followed by the reservation (shared/reservation-words.lua), by how
--         many of its windows its counters are still in, and of each the position of its counter (from 0), its field,
--         its start, its units, and how many of them are held;
--         window-mismatch: a commit of more than is held needs limit sets, since there are packs; not-found | expired
--         | wrong-type, followed by nothing
--[[ Sample
# Operation `…7` is committed with 2 units: there is no such reservation.
redis-cli --eval <(node scripts/print-lua.mjs end-hold) bucket counter , '2 0 900000 3600000' \
  '' ';7 1 9007199254740991 commit - units=2'
#> "2 1795712775918 not-found"
# Format 2, the store's clock; the bucket has no record of it.
]]
-- @include shared/call-header.lua
-- @include shared/endings.lua
-- @include shared/ending-fast-path.lua
-- @when-needed end_slowly shared/ending-slow-path.lua
local keys, argv, FIRST_ENDING = KEYS, ARGV, 3
local now, remember_ms, margin_ms = read_call_header(argv[1])
local endings = read_endings(argv, FIRST_ENDING, #keys)
local call = {
  keys = keys,
  limit_sets = argv[2],
  now = now,
  remember_ms = remember_ms,
  margin_ms = margin_ms,
  buckets = {},
  shapes = {},
}

-- The answer to the ending of the reservation whose bucket is keys[key].
local function end_one(ending, key)
  if now > ending.deadline then return 'expired' end
  return end_fast(call, ending, key) or end_slowly().end_one(call, ending, key)
end

local answers, key = { FORMAT, digits_of(now) }, 1
for _, ending in ipairs(endings) do
  answers[#answers + 1] = end_one(ending, key)
  key = key + 1 + ending.counters
end
write_buckets(call.buckets)
return table.concat(answers, ' ')
