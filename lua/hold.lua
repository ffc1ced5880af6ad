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
-- @include shared/check-group.lua
-- @include shared/limit-sets.lua
-- @include shared/hold-fast-path.lua
-- @when-needed reserve_slowly shared/hold-slow-path.lua
local keys, argv, FIRST_IDENTITY = KEYS, ARGV, 4
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local groups = read_check_groups(argv[3], limit_sets, #keys, #argv - FIRST_IDENTITY + 1)
local identities = read_hold_identities(argv, FIRST_IDENTITY)
local call = { keys = keys, now = now, remember_ms = remember_ms, used = { 0, 0, 0, 0 }, buckets = {} }

-- The answer to the reserve whose bucket is keys[key].
local function decide(group, key, words)
  if now > group.deadline then return 'expired' end
  return reserve_fast(call, group, key, words) or reserve_slowly().reserve(call, group, key, words)
end

local answers, key, next_one = { FORMAT .. ' ' .. digits_of(now) }, 1, FIRST_IDENTITY
for _, group in ipairs(groups) do
  group.texts = hold_texts(group)
  for _ = 1, group.checks do
    answers[#answers + 1] = decide(group, key, identities[next_one])
    key, next_one = key + 1 + group.size, next_one + 1
  end
end
write_buckets(call.buckets)
return table.concat(answers, ' ')
