-- What a reserve finds of its operation.
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua
-- @include shared/reservation-record.lua

-- The outcome of a reserve whose operation has a record already, and its reservation where that is repeated; nil when
-- the operation is a new one.
local function replay_hold(bucket, identity, now, remember_ms)
  local record = find_record(bucket, identity.prefix)
  if not record then return nil end
  if is_tombstone(record) then
    local voided, ends = read_tombstone(record, now)
    if not ends then return 'wrong-type' end
    if ends <= now then return nil end
    if is_voided(voided, identity.attempt) then return 'expired' end
    identity.attempts = identity.attempt .. ',' .. voided
    return nil
  end
  if not is_of_other_kind(record) then
    local counted = read_record(record, now, remember_ms)
    if not counted then return 'wrong-type' end
    return counted.ends > now and 'conflict' or nil
  end
  local r = read_reservation(record, now)
  local standing = standing_of(record, now)
  if r and not standing and r.ends > now then identity.attempts = after_freed(identity.attempt) end
  if not r or standing ~= 'conflict' then return standing end
  if r.content ~= identity.content then return 'conflict' end
  local attempts = add_attempt(r.attempts, identity.attempt)
  if attempts ~= r.attempts then
    r.attempts = attempts
    write_record(bucket, identity.prefix, text_of_reservation(r))
  end
  return 'replayed', r
end
