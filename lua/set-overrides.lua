-- Sets or removes overrides (shared/overrides.lua). Each is in force, or no longer, for the next script that looks at
-- its counter. A call sets many, each on its own.
--
-- KEYS    of each override: its counter (shared/counter.lua), then its record
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua)
-- ARGV[3…] of each override: `<limit set> <until>`: the position of the counter's limit set (from 1), and the instant
--         at which the override ends, `-` for none; then its record, empty where it is removed
-- Returns format, now (ms), then of each override the record that was there, empty where there was none; 1 in its
--         place where a key is a wrong-type key, and nothing was changed
--[[ Sample
# A counter gets an override of its day, without an end: no override was there.
redis-cli --eval <(node scripts/print-lua.mjs set-overrides) counter 'counter!override' , '2 0 900000 3600000' \
  'd 10 1 0 zzzzzzzz zzzzzzzzz' '1 -' '- - d=s100'
#> 1) "2"
#> 2) "1795712775918"
#> 3) ""
# Format 2, the store's clock, nothing.
]]
-- @include shared/call-header.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/limit-sets.lua
-- @include shared/hold-changes.lua
local keys, argv, FIRST_OVERRIDE = KEYS, ARGV, 3
local now, _, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)

-- All overrides are read before the first is written.
local function read_overrides()
  local overrides = {}
  for i = FIRST_OVERRIDE, #argv, 2 do
    local position, until_text = string.match(argv[i], '^(%d+) (%-?[0-9a-z]*)$')
    local limit_set = limit_sets[tonumber(position)]
    local record = argv[i + 1]
    if not limit_set or not record then fail('an override', argv[i]) end
    if record ~= '' and not string.match(record, OVERRIDE_RECORD) then fail('an override', record) end
    overrides[#overrides + 1] = { limit_set = limit_set, ends = instant_or_none(until_text), record = record }
  end
  if #overrides == 0 or #keys ~= 2 * #overrides then fail('the right number of keys', #keys) end
  return overrides
end

-- For how long the counter is needed: for its windows, its holds and the override; nil: for ever.
local function life_of(key, windows, override)
  local lives_ms = override.limit_set.expires_in_ms + spread_of(key, margin_ms)
  if windows.holds then lives_ms = math.max(lives_ms, redis.call('PTTL', key .. HOLDS)) end
  if override.record == '' then return lives_ms end
  if override.ends == '-' then return nil end
  return math.max(lives_ms, instant_of(override.ends) - now + margin_ms)
end

local function write_text(key, text, lives_ms)
  if text == '' then
    redis.call('UNLINK', key)
  elseif lives_ms then
    redis.call('SET', key, text, 'PX', string.format('%d', math.max(1, lives_ms)))
  else
    redis.call('SET', key, text)
  end
end

local answers = { FORMAT, digits_of(now) }
for i, override in ipairs(read_overrides()) do
  local key, beside = keys[2 * i - 1], keys[2 * i]
  local windows, before = read_counter_with_holds(key, now), redis.pcall('GET', beside)
  if not windows or is_wrong_type(before) then
    answers[#answers + 1] = 1
  else
    windows.override = override.record ~= '' and mark_of(override.ends)
    local lives_ms = life_of(key, windows, override)
    write_text(key, text_of_windows(windows), lives_ms)
    write_text(beside, override.record, lives_ms)
    answers[#answers + 1] = before or ''
  end
end
return answers
