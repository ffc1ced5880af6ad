-- The slow path of an ending: all but a commit as held, or a release, of a reservation that alone holds units of its
-- only counter. It reads its counters window by window.
-- @include shared/hold-commit.lua
-- @include shared/reservation-lookup.lua
-- @include shared/reservation-words.lua
-- @include shared/window-words.lua
local SHOWN = { ended = true, found = true, ['ended-otherwise'] = true }

-- Ends the reservation of a record. Returns the outcome, and whether that is new.
local function ended_by(call, ending, counters, r, key)
  local now = call.now
  if ending.kind == 'look' then return 'found' end
  local is_commit, has_ended = ending.kind == 'commit', r.state ~= 'h'
  if has_ended then return (r.state == 'c') == is_commit and 'ended' or 'ended-otherwise' end
  if not is_commit and has_expired(r, now) then return r.on_expiry == 'r' and 'ended' or 'ended-otherwise' end
  r.late = has_expired(r, now) and 'l' or '-'
  local meters = is_commit and overlay_meters(read_meters(r.held), ending.meters)
  if meters and ending.meters ~= '-' and r.late == '-' then
    local offered = { limit_sets = call.limit_sets, positions = ending.positions, margin_ms = call.margin_ms }
    local commit = { meters = meters, now = now, offered = offered }
    local failure = draw_for_commit(call.keys, key, counters, r, commit)
    if failure then return failure end
  end
  end_reservation(counters, r, meters, now)
  remember_ended(r, now, call.remember_ms)
  return 'ended', true
end

-- The answer to the ending of the reservation whose bucket is keys[key].
local function end_one(call, ending, key)
  local keys, now, buckets = call.keys, call.now, call.buckets
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type' end
  local r = find_reservation(bucket, ending, now, call.remember_ms)
  if not r then return 'not-found' end
  local counters, failure = read_held_counters(keys, key, ending.counters, r, now)
  if not counters then return failure end
  local outcome, is_new = ended_by(call, ending, counters, r, key)
  if not SHOWN[outcome] then return outcome end
  if is_new then write_lasting_record(bucket, r.prefix, text_of_reservation(r), r.ends - now) end
  return outcome .. words_of_reservation(r, now) .. words_of_windows(counters)
end

return { end_one = end_one }
