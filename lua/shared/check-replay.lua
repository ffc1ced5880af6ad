-- What a check finds of its operation, where that has a record: most operations are new.
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua
-- @include shared/reservation-record.lua

-- The outcome of a check whose operation has a record already, and what else its answer holds; nil when the
-- operation counts as a new one, and what follows the attempt in its record: the voided ones. `identity` is the start
-- of the check's own record, up to its attempt. A repetition answers an instant in all windows, and how long it is
-- remembered (ms); where packs gave, `!` and what they gave (shared/pack-parts.lua) stand behind that.
local function replay(bucket, record, identity, now, remember_ms)
  local prefix, content, attempt = string.match(identity, '^(;%S )(%S+) (%S+)$')
  if is_tombstone(record) then
    local voided, ends = read_tombstone(record, now)
    if not ends then return 'wrong-type' end
    if ends <= now then return nil, '' end
    if is_voided(voided, attempt) then return 'expired' end
    return nil, ',' .. voided
  end
  if is_of_other_kind(record) then
    local standing = standing_of(record, now)
    return standing, standing and '' or ',' .. FREED
  end
  local counted = read_record(record, now, remember_ms)
  if not counted then return 'wrong-type' end
  if counted.ends <= now then return nil, '' end
  if counted.content ~= content then return 'conflict' end
  local attempts = add_attempt(counted.attempts, attempt)
  if attempts ~= counted.attempts then
    write_record(bucket, prefix, with_attempts(prefix, counted, attempts))
  end
  local more = string.format(' %d %d', counted.at, counted.ends - now)
  return 'replayed', counted.packs and more .. '!' .. counted.packs or more
end

return { replay = replay }
