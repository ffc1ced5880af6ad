-- Gives units back to limits that never reset, all of them or none: less can't be used of a limit than is given back
-- to it. Or takes that back, where another shard of a Redis Cluster has refused it: then it is given back on none. A
-- call gives many back, each on its own and in order.
--
-- KEYS    of each: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua): what is given back to
-- ARGV[3] groups (shared/check-group.lua)
-- ARGV[4…] identity of each: `;<last character of the operation id> <content> <attempt> <return|undo>`
-- Returns one text of words separated by spaces: format, now (ms), then of each its outcome:
--         +returned | +replayed | +nothing-to-return, each followed by window index and units of each limit, then by
--         how many of them are held; undone | conflict | expired | window-mismatch | wrong-type, followed by nothing
--[[ Sample
# Operation `…7` gives 1 unit back to a counter that has 10 in a window that lasts until 2059, and has used none.
redis-cli --eval <(node scripts/print-lua.mjs give-back) bucket counter , '2 0 900000 3600000' \
  '(total) 10 1 0 zzzzzzzz zzzzzzzzz' '1 9007199254740991 1 1' ';7 1 attempt return'
#> "2 1795712775918 +nothing-to-return 0 0 0"
# Format 2, the store's clock; of the limit: window index 0 (the current window), 0 units, none of them held.
]]
-- @include shared/call-header.lua
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/limit-sets.lua
-- @include shared/reserved-words.lua
-- @include shared/check-group.lua
-- @include shared/operation-bucket.lua
-- @include shared/give-backs.lua
-- @include shared/return-record.lua
local keys, argv, FIRST_IDENTITY = KEYS, ARGV, 4
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local groups = read_check_groups(argv[3], limit_sets, #keys, #argv - FIRST_IDENTITY + 1)
local identities = read_returns(argv, FIRST_IDENTITY)

local indexes, used, held, buckets = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { false, false }, {}

-- Decides the one whose bucket is keys[key]. Returns its outcome, and how many limits were read.
local function decide(group, key, identity)
  if now > group.deadline then return 'expired', 0 end
  local limit_count, is_used = 0, true
  for c = 1, group.size do
    local limit_set = group[c]
    if limit_set.has_mismatch then return 'window-mismatch', 0 end
    local windows = read_counter_with_holds(keys[key + c], now)
    if not windows then return 'wrong-type', 0 end
    read_slow(windows, limit_set, limit_count, indexes, used)
    if indexes.kept then return own.take_kept(indexes), 0 end
    is_used = is_used and has_used(windows, group, c, limit_count, used)
    held[c], limit_count = windows, limit_count + limit_set.size
  end
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type', 0 end
  if identity.is_undo then
    if undo_return(bucket, identity, now, remember_ms) then take_back(keys, key, group, held, used, -1) end
    return 'undone', 0
  end
  local outcome = replay_return(bucket, identity, now, remember_ms)
  if outcome then return outcome, limit_count end
  if not is_used then return 'nothing-to-return', limit_count end
  take_back(keys, key, group, held, used, 1)
  write_return(bucket, identity, identity.attempts, now + remember_ms, now)
  return 'returned', limit_count
end

local SHOWS_LIMITS = { returned = true, replayed = true, ['nothing-to-return'] = true }
local answers, key, next_one = { FORMAT, digits_of(now) }, 1, FIRST_IDENTITY
for _, group in ipairs(groups) do
  for _ = 1, group.checks do
    local answer, limit_count = decide(group, key, identities[next_one])
    local shown = SHOWS_LIMITS[answer] and limit_count or 0
    for limit = 1, shown do
      answer = answer .. (indexes[limit] == 0 and ' 0 ' or ' 1 ') .. digits_of(used[limit])
    end
    answers[#answers + 1] = with_reserved(answer, shown, group, held, indexes)
    key, next_one = key + 1 + group.size, next_one + 1
  end
end
write_buckets(buckets)
return table.concat(answers, ' ')
