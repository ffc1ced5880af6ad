-- Makes the counters agree with what callers of reservations were answered without the store. Settlements may be
-- repeated and arrive in any order, and each is on its own.
--
-- `hold`: it was held, or extended to the meters that are named; place the hold, also above the max and where a
-- counter has as many holds as a reserve may place, in the windows it was decided in. `commit`: it was
-- committed; count that exactly, whatever is there. `release`: it was released; give back what it holds, also
-- later. `void`: the caller of the reserve was refused; leave a tombstone, or release what that attempt alone had
-- held.
--
-- KEYS    of each settlement: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua)
-- ARGV[3] groups of settlements (shared/settlement-group.lua), ARGV[4…] identity of each (shared/hold-identity.lua)
-- Returns one text of words separated by spaces: format, then of each settlement its outcome: counted |
--         already-counted | late (every window is over) | reversed | voided | conflict | wrong-type; after counted,
--         how many limits have more used than their max now, and of each its position (from 0) and its units
--[[ Sample
# The reservation of operation `…7` held 4 units, of a counter that has 3 an hour, in a window that lasts until 2059.
redis-cli --eval <(node scripts/print-lua.mjs settle-hold) bucket counter , '2 0 900000 3600000' \
  'h 3 1 0 zzzzzzzz zzzzzzzzz' '1 hold 4 0 1' ';7 4 attempt zzzzzzzz ref mwr2lmo0 zzzzzzzz mwr2lmo0 rd- -'
#> "2 counted 1 0 4"
# Format 2, counted; one limit has more used than its max: the one at position 0, the hour, with 4 units.
]]
-- @include shared/call-header.lua
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/limit-sets.lua
-- @include shared/settlement-group.lua
-- @include shared/settlement-record.lua
-- @include shared/settled-hold-lookup.lua
-- @include shared/hold-settle.lua
-- @include shared/hold-placement.lua
-- @include shared/hold-joining.lua
local keys, argv, FIRST_IDENTITY = KEYS, ARGV, 4
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = argv[2] == '' and {} or read_limit_sets(argv[2], now, margin_ms)
local groups = read_settlement_groups(
  argv[3],
  limit_sets,
  HOLD_INTENTS,
  { keys = #keys, identities = #argv - FIRST_IDENTITY + 1 }
)
local identities = read_settled_holds(argv, FIRST_IDENTITY, now, remember_ms)

local buckets = {}

-- Settles the reservation whose bucket is keys[key]. Returns its outcome, as it is answered.
local function settle(group, key, identity)
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type' end
  local r = find_settled_hold(bucket, identity, group.intent, now, remember_ms)
  if type(r) == 'string' then return r end
  if group.intent == 'void' and (not r or not is_last_attempt(r, identity)) then
    return void_hold(bucket, identity, r)
  end
  if r and r.state ~= 'h' then return outcome_of_ended(r, group.intent) end
  if not r then
    local counters = read_counters(keys, key, group, now)
    if not counters then return 'wrong-type' end
    return place_settled_hold(bucket, { group, counters, identity }, now)
  end
  local counters, failure = read_held_counters(keys, key, group.size, r, now)
  if not counters then return failure == 'not-found' and 'conflict' or failure end
  local change = group.intent == 'hold' and join_hold or end_settled_hold
  return change(bucket, { group, counters, identity }, r, now)
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
