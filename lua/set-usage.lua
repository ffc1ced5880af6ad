-- Sets how many units are used of limits in their windows of now, whatever it was; what is held stays held. A call
-- sets many, each on its own.
--
-- KEYS    of each correction: its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)
-- ARGV[2] limit sets (shared/limit-set.lua): the limits that are set, with what is to be used as their max
-- ARGV[3…] of each correction: `<deadline> <limit set> …`: the instant after which it does nothing (store clock,
--         ms), and of each counter the position of its limit set (from 1)
-- Returns one text of words separated by spaces: format, now (ms), then of each correction its outcome:
--         +set, followed by window index and units of each limit, then by how many of them are held;
--         expired | window-mismatch | wrong-type, followed by nothing
--[[ Sample
# Of a counter that counts a day which lasts until 2059, 7 units are to be used.
redis-cli --eval <(node scripts/print-lua.mjs set-usage) counter , '2 0 900000 3600000' \
  'd 7 1 0 zzzzzzzz zzzzzzzzz' '9007199254740991 1'
#> "2 1795712775918 +set 0 7 0"
# Format 2, the store's clock; of the day: window index 0 (the current window), 7 units, none of them held.
]]
-- @include shared/call-header.lua
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/limit-sets.lua
-- @include shared/reserved-words.lua
-- @include shared/corrections.lua
local keys, argv, FIRST_CORRECTION = KEYS, ARGV, 3
local now, _, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local corrections = read_corrections(argv, FIRST_CORRECTION, limit_sets, #keys)

local indexes, used, held = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { false, false }

-- Sets the limits of the counters behind keys[key]. Returns the outcome, and how many limits it set.
local function set_one(correction, key)
  if now > correction.deadline then return 'expired', 0 end
  local limit_count = 0
  for c = 1, correction.size do
    local limit_set = correction[c]
    if limit_set.has_mismatch then return 'window-mismatch', 0 end
    local windows = read_counter_with_holds(keys[key + c], now)
    if not windows then return 'wrong-type', 0 end
    read_slow(windows, limit_set, limit_count, indexes, used)
    if indexes.kept then return own.take_kept(indexes), 0 end
    held[c], limit_count = windows, limit_count + limit_set.size
  end
  set_limits(keys, key, correction, held, { indexes, used })
  return 'set', limit_count
end

local answers, key = { FORMAT, digits_of(now) }, 0
for _, correction in ipairs(corrections) do
  local answer, limit_count = set_one(correction, key)
  for limit = 1, limit_count do
    answer = answer .. (indexes[limit] == 0 and ' 0 ' or ' 1 ') .. digits_of(used[limit])
  end
  answers[#answers + 1] = with_reserved(answer, limit_count, correction, held, indexes)
  key = key + correction.size
end
return table.concat(answers, ' ')
