-- The fast path of a reserve: its operation is new, and its counters have room, hold nothing and are in the windows of
-- now, as nearly all are. Then neither their windows nor the reservation need be made into tables. Every other reserve
-- takes the slow path (shared/hold-slow-path.lua), which makes the same of these.
-- @include shared/counter-life.lua
-- @include shared/hold-texts.lua
-- @include shared/hold-words.lua
-- @include shared/holds-key.lua
-- @include shared/operation-bucket.lua

-- Reads the units of a group's counters into `used`. Returns of each counter whether there is nothing yet; nil where
-- one takes the slow path, or has no room.
local function read_without_holds(keys, key, group, used)
  local before, absent = 0, { false }
  for c = 1, group.size do
    local stored, limit_set = redis.pcall('GET', keys[key + c]), group[c]
    if stored and type(stored) ~= 'string' then return nil end
    absent[c] = not stored
    local units = stored and { string.match(stored, limit_set.pattern) }
    if units and not units[1] then return nil end
    for i = 1, limit_set.size do
      local count = units and units_of(units[i]) or 0
      if count > MAX_INTEGER then return nil end
      used[before + i] = count
    end
    if not group.fits(limit_set, before, group.amount, used) then return nil end
    before = before + limit_set.size
  end
  return absent
end

-- Counts in every limit of a group what it takes. Returns the texts of its counters, without their holds, and window
-- index and units of each limit.
local function count_held(group, used)
  local texts, counts, position = { '' }, '', 0
  for c = 1, group.size do
    local limit_set, text = group[c], ''
    for i = 1, limit_set.size do
      position = position + 1
      local total = digits_of(math.min(used[position] + amount_at(group, position), MAX_INTEGER))
      text = text .. limit_set.prefixes[i] .. total .. group.texts.behind[position]
      counts = counts .. (limit_set[i].index == 0 and ' 0 ' or ' 1 ') .. total
    end
    texts[c] = text
  end
  return texts, counts
end

-- Writes a counter and its only hold. What lies beside it is left of one that was lost.
local function write_first_hold(key, limit_set, text, is_absent, hold)
  local beside = key .. HOLDS
  redis.call('UNLINK', beside)
  redis.call('ZADD', beside, digits_of(hold.expires), hold.member)
  redis.call('PEXPIRE', beside, digits_of(hold.expires - limit_set.now + limit_set.margin_ms))
  write_counter(key, text, limit_set, is_absent)
end

-- The answer to the reserve whose bucket is keys[key]; nil where it takes the slow path.
local function reserve_fast(call, group, key, words)
  local keys, now, texts = call.keys, call.now, group.texts
  local prefix, content, attempt, reference, ttl, on_expiry, at_text = unpack(words)
  local absent = texts and at_text == '-' and read_without_holds(keys, key, group, call.used)
  local bucket = absent and (call.buckets[keys[key]] or open_bucket(call.buckets, keys[key]))
  if not bucket or find_record(bucket, prefix) then return nil end
  local expires = now + units_of(ttl)
  local ends, expires_text = expires + call.remember_ms, text_of_instant(expires)
  local counters, counts = count_held(group, call.used)
  for c = 1, group.size do
    local hold = { expires = expires, member = reference .. ' ' .. on_expiry .. ' ' .. texts.entries[c] }
    write_first_hold(keys[key + c], group[c], counters[c] .. ' H' .. expires_text .. '=1', absent[c], hold)
  end
  local times = ' ' .. text_of_instant(now) .. ' ' .. expires_text .. ' ' .. text_of_instant(ends)
  local rest = times .. ' ' .. string.match(content, '^[^~]+') .. ' -'
  local who = content .. ' ' .. attempt .. ' ' .. reference
  local record = prefix .. '@h' .. on_expiry .. '-- ' .. who .. rest .. ' ' .. texts.all_entries
  write_lasting_record(bucket, prefix, record, ends - now)
  return '+taken' .. counts .. texts.held .. ' h' .. on_expiry .. '-' .. rest
end
