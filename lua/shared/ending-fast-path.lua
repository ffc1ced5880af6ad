-- The fast path of an ending: a commit as held, or a release, of a reservation that alone holds units of its only
-- counter, whose windows are those it was taken from. Then that counter's text differs in its units only, as those of
-- all reservations of one kind do, and neither its windows nor the reservation need be made into tables. Every other
-- ending takes the slow path (shared/ending-slow-path.lua), which makes the same of these.
-- @include shared/hold-shape.lua
-- @include shared/holds-key.lua
-- @include shared/instant.lua
-- @include shared/operation-bucket.lua
-- Of a reservation that is held, and takes nothing from packs (shared/reservation-record.lua): what its expiry does,
-- whose it is, its reference, when it was taken, when it expires, until when it is remembered, what it holds, entries.
local HELD = '^;%S @h([rc])%-%- (%S+ %S+ (%S+)) (%-?[0-9a-z]+) ([0-9a-z]+) ([0-9a-z]+) ([^ !]+) %- ([^ /]+)$'

-- Takes a hold off its counter. Returns what the answer says of its windows; nil where the slow path does that.
local function end_only_hold(key, shape, hold, is_commit)
  local stored = redis.pcall('GET', key)
  if type(stored) ~= 'string' then return nil end
  local units = { string.match(stored, shape.pattern) }
  if units[#units] ~= hold.expires_text then return nil end
  local text, words = '', shape.count
  for i, held in ipairs(shape.held) do
    local used = units_of(units[i])
    if used > MAX_INTEGER or used < held then return nil end
    local left = digits_of(is_commit and used or used - held)
    text, words = text .. shape.prefixes[i] .. left, words .. shape.words[i] .. left .. ' 0'
  end
  if redis.pcall('ZREM', key .. HOLDS, hold.member) ~= 1 then return nil end
  redis.call('SET', key, text, 'KEEPTTL')
  return words
end

-- Whether it is the reservation that is meant, in force, and remembered as long as one that was not extended.
local function is_as_taken(ending, at_text, expires_text, until_text, call)
  if not at_text or ending.at_text ~= '-' and ending.at_text ~= at_text then return false end
  local at, expires = plausible_instant(at_text, call.now), plausible_instant(expires_text, call.now)
  if not at or not expires or expires <= call.now then return false end
  return until_text == text_of_instant(expires + call.remember_ms)
end

-- The answer to the ending of the reservation whose bucket is keys[key]; nil where it takes the slow path.
local function end_fast(call, ending, key)
  local keys, prefix, is_commit = call.keys, ending.prefix, ending.kind == 'commit'
  if ending.counters ~= 1 or ending.meters ~= '-' or ending.kind == 'look' then return nil end
  local bucket = call.buckets[keys[key]] or open_bucket(call.buckets, keys[key])
  local record = bucket and find_record(bucket, prefix)
  if not record then return nil end
  local on_expiry, who, reference, at, expires, ends, held, entries = string.match(record, HELD)
  if not is_as_taken(ending, at, expires, ends, call) then return nil end
  local shape = shape_of_hold(call.shapes, held, entries)
  local hold = { expires_text = expires, member = reference .. ' ' .. on_expiry .. ' ' .. entries }
  local words = shape and end_only_hold(keys[key + 1], shape, hold, is_commit)
  if not words then return nil end
  local times = ' ' .. at .. ' ' .. expires .. ' ' .. text_of_instant(call.now + call.remember_ms)
  local state, rest = is_commit and 'c' or 'r', times .. ' ' .. held .. ' ' .. (is_commit and held or '-')
  local left = is_commit and entries or shape.nothing
  local text = prefix .. '@' .. state .. on_expiry .. '-- ' .. who .. rest .. ' ' .. left
  write_lasting_record(bucket, prefix, text, call.remember_ms)
  return 'ended ' .. state .. on_expiry .. '-' .. rest .. words
end
