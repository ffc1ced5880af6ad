-- Takes units from every counter of a check, or from none. A call decides many checks, each on its own and in order.
-- KEYS    of each check: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua)
-- ARGV[3] groups of checks (shared/check-group.lua)
-- ARGV[4…] identity of each check: `;<last character of the operation id> <content> <attempt>`
-- Returns one text of words separated by spaces: format, now (ms), then of each check its outcome:
--         taken | packed | refused | replayed, then window index and units of each limit, after `+` how many are held,
--         after `!+` its override (shared/overrides.lua), too; packed what packs gave (shared/pack-takes.lua), replayed
--         what shared/check-replay.lua says; conflict, refunded, expired, window-mismatch, wrong-type, kept:…
--[[ Sample
# Operation `…7` takes 1 unit of a counter that has 10 a day and 3 an hour, in windows that last until 2059.
redis-cli --eval <(node scripts/print-lua.mjs take) bucket counter , '2 0 900000 3600000' \
  'd 10 1 0 zzzzzzzz zzzzzzzzz,h 3 1 0 zzzzzzzz zzzzzzzzz' '1 9007199254740991 1 1' ';7 content attempt'
#> "2 1795712775918 taken 0 1 0 1"
# Format 2, the store's clock, taken; of the day and of the hour: window index 0 (the current window), 1 used.
]]
-- @include shared/call-header.lua
-- @include shared/check-group.lua
-- @include shared/limit-sets.lua
-- @include shared/operation-bucket.lua
-- @when-needed known_operation shared/check-replay.lua
-- @when-needed pack_takes shared/take-packs.lua
local keys, argv, FIRST_IDENTITY = KEYS, ARGV, 4
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local groups = read_check_groups(argv[3], limit_sets, #keys, #argv - FIRST_IDENTITY + 1)

local indexes, used, held, buckets, now_text = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { false, false }, {}, nil
-- Decides the check whose bucket is keys[key]. Returns its outcome, how many limits were read, and what else it says.
local function decide(group, key, identity)
  if now > group.deadline then return 'expired', 0 end
  local amount, fits, limit_count, room, latest, at_text = group.amount, group.fits, 0, true, -math.huge, nil
  for c = 1, group.size do
    local limit_set = group[c]
    if limit_set.has_mismatch then return 'window-mismatch', 0 end
    local what, start, text, its_set = read_counter(keys[key + c], limit_set, limit_count, indexes, used)
    if what == nil then return slow_path().take_kept(indexes) or 'wrong-type', 0 end
    if start > latest then
      latest, at_text = start, text
    end
    held[c], room = what, room and fits(its_set, limit_count, amount, used)
    limit_count = limit_count + limit_set.size
  end
  if amount == 0 then return 'taken', limit_count end
  local bucket, prefix = buckets[keys[key]] or open_bucket(buckets, keys[key]), string.sub(identity, 1, 3)
  if not bucket then return 'wrong-type', 0 end
  local record = find_record(bucket, prefix)
  if record then
    local outcome, more = known_operation().replay(bucket, record, identity, now, remember_ms)
    if outcome then return outcome, limit_count, more end
    identity = identity .. more
  end
  local drawn = not room and pack_takes().draw(keys, key, group, held, used, now)
  if not (room or drawn) then return 'refused', limit_count end
  -- Counted now, or at the start of its latest window where the clock was set back over that.
  now_text = now_text or text_of_instant(now)
  if latest <= now then at_text = now_text end
  if drawn then identity = pack_takes().packed(identity, drawn) end
  write_record(bucket, prefix, identity .. ' ' .. at_text, remember_ms)
  if drawn then return pack_takes().count(drawn, limit_count, { keys, key, group, held, indexes, used }) end
  group.add(keys, key, group, amount, held, indexes, used)
  return 'taken', limit_count
end

local SHOWS_LIMITS = { taken = true, packed = true, refused = true, replayed = true }
local answers, size, key, next_one = { FORMAT .. ' ' .. digits_of(now), '', '', '' }, 1, 1, FIRST_IDENTITY
for _, group in ipairs(groups) do
  for _ = 1, group.checks do
    local answer, limit_count, more = decide(group, key, argv[next_one])
    local shown = SHOWS_LIMITS[answer] and limit_count or 0
    for limit = 1, shown do
      answer = answer .. (indexes[limit] == 0 and ' 0 ' or ' 1 ') .. digits_of(used[limit])
    end
    if indexes.says_more then answer = marked_path().with_reserved(answer, shown, group, held, indexes) end
    key, size, next_one = key + 1 + group.size, size + 1, next_one + 1
    answers[size] = more and answer .. more or answer
  end
end
write_buckets(buckets)
return table.concat(answers, ' ', 1, size)
