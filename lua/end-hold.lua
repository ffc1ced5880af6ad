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
-- @include shared/operation-bucket.lua
-- @include shared/reservation-lookup.lua
-- @include shared/reservation-words.lua
-- @include shared/hold-commit.lua
-- @include shared/endings.lua
local keys, argv, FIRST_ENDING = KEYS, ARGV, 3
local now, remember_ms, margin_ms = read_call_header(argv[1])
local endings = read_endings(argv, FIRST_ENDING, #keys)

local buckets = {}
local SHOWN = { ended = true, found = true, ['ended-otherwise'] = true }

-- Ends the reservation of a record. Returns the outcome, and whether that is new.
local function ended_by(ending, counters, r, key)
  if ending.kind == 'look' then return 'found' end
  local is_commit, has_ended = ending.kind == 'commit', r.state ~= 'h'
  if has_ended then return (r.state == 'c') == is_commit and 'ended' or 'ended-otherwise' end
  if not is_commit and has_expired(r, now) then return r.on_expiry == 'r' and 'ended' or 'ended-otherwise' end
  r.late = has_expired(r, now) and 'l' or '-'
  local meters = is_commit and overlay_meters(read_meters(r.held), ending.meters)
  if meters and ending.meters ~= '-' and r.late == '-' then
    local offered = { limit_sets = argv[2], positions = ending.positions, margin_ms = margin_ms }
    local failure = draw_for_commit(keys, key, counters, r, { meters = meters, now = now, offered = offered })
    if failure then return failure end
  end
  end_reservation(counters, r, meters, now)
  remember_ended(r, now, remember_ms)
  return 'ended', true
end

-- Ends the reservation whose bucket is keys[key]. Returns its outcome, as it is answered.
local function end_one(ending, key)
  if now > ending.deadline then return 'expired' end
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type' end
  local r = find_reservation(bucket, ending, now)
  if not r then return 'not-found' end
  local counters, failure = read_held_counters(keys, key, ending.counters, r, now)
  if not counters then return failure end
  local outcome, is_new = ended_by(ending, counters, r, key)
  if not SHOWN[outcome] then return outcome end
  if is_new then write_lasting_record(bucket, r.prefix, text_of_reservation(r), r.ends - now) end
  return outcome .. words_of_reservation(r, now) .. words_of_windows(counters)
end

local answers, key = { FORMAT, digits_of(now) }, 1
for _, ending in ipairs(endings) do
  answers[#answers + 1] = end_one(ending, key)
  key = key + 1 + ending.counters
end
write_buckets(buckets)
return table.concat(answers, ' ')
