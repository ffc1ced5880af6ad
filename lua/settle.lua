-- Makes the counters agree with what callers were answered, whatever became of the takes. Settlements may be repeated
-- and arrive in any order. A call settles many, each on its own: a wrong-type key of one leaves the others alone.
--
-- `count`: the caller was allowed; count its operation once, also above the max, in the windows it was decided in.
-- `void`: the caller was not; leave a tombstone for the attempt that may still run, or remove it from the attempts of
-- the counted operation; without the last of them take the units back, from exactly the windows they were counted in.
--
-- KEYS    of each settlement: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua)
-- ARGV[3] groups of settlements with the intents count | void, ARGV[4…] identity of each settlement
--         (shared/settlement-group.lua)
-- Returns one text of words separated by spaces: format, then of each settlement its outcome: counted |
--         already-counted | late (every window is over) | reversed | voided | conflict | wrong-type; after counted,
--         how many limits have more used than their max now, and of each its position (from 0) and its used
--[[ Sample
# Operation `…7` is counted: 4 units of a counter that has 10 a day and 3 an hour, in windows that last until 2059.
redis-cli --eval <(node scripts/print-lua.mjs settle) bucket counter , '2 0 900000 3600000' \
  'd 10 1 0 zzzzzzzz zzzzzzzzz,h 3 1 0 zzzzzzzz zzzzzzzzz' '1 count 4 00 1' ';7 content attempt zzzzzzzz'
#> "2 counted 1 1 4"
# Format 2, counted; one limit has more used than its max: the one at position 1, the hour, with 4 used.
]]
-- @include shared/call-header.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/limit-sets.lua
-- @include shared/settlement-group.lua
-- @include shared/settlement-record.lua
-- @include shared/settlement-fast-path.lua
-- @include shared/settlement-slow-path.lua
-- @include shared/pack-returns.lua
local keys, argv, FIRST_IDENTITY, INTENTS = KEYS, ARGV, 4, { count = true, void = true }
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local counts = { keys = #keys, identities = #argv - FIRST_IDENTITY + 1 }
local groups = read_settlement_groups(argv[3], limit_sets, INTENTS, counts)
local identities = read_settlement_identities(argv, FIRST_IDENTITY, now)

local indexes, used, held, buckets = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { false, false }, {}

-- Settles the operation whose bucket is keys[key]. Returns its outcome, as it is answered.
local function settle(group, key, identity)
  local is_of_now, at_text = read_counters_of_now(keys, key, group, held, indexes, used)
  local counters = is_of_now == false and read_counters(keys, key, group, now)
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if is_of_now == nil or counters == nil or not bucket then return 'wrong-type' end
  local counted = recall_counted(bucket, identity, now, remember_ms, group.intent)
  if type(counted) == 'string' then return counted end
  if group.intent == 'void' then
    local outcome = void_attempt(bucket, identity, counted)
    if outcome ~= 'reversed' then return outcome end
    local packs = counted.packs and return_to_packs(keys, key, group.size, counted.packs)
    add_to_windows(counters, packs and without_packs(group, packs) or group, -1, counted.at, now)
    return outcome
  end
  if counted then return join_counted(bucket, identity, counted) end
  if is_of_now then
    group.add(keys, key, group, group.amount, held, indexes, used)
    return write_counted(bucket, identity, at_text, 'counted ' .. limits_above_max(group, used))
  end
  local touched, latest_text, above = add_to_windows(counters, group, 1, nil, now)
  return write_counted(bucket, identity, latest_text, touched > 0 and 'counted ' .. above or 'late')
end

local answers, key, next_identity = { FORMAT }, 1, 1
for _, group in ipairs(groups) do
  for _ = 1, group.settlements do
    answers[#answers + 1] = settle(group, key, identities[next_identity])
    key, next_identity = key + 1 + group.size, next_identity + 1
  end
end
write_buckets(buckets)
return table.concat(answers, ' ')
