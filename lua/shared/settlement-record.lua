-- What a settlement finds and writes in the bucket of its operation. `identity` is what shared/settlement-group.lua
-- reads.
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua
-- @include shared/reservation-record.lua

-- The record of a counted operation, which lives until the later of its end and the settlement's from now on; nil
-- when the operation is not counted; or the outcome where its record allows no other. A check that was refunded has
-- counted, and a reservation is none.
local function recall_counted(bucket, identity, now, remember_ms, intent)
  local record = find_record(bucket, identity.prefix)
  if not record or is_tombstone(record) then return nil end
  if is_of_other_kind(record) then
    local standing = standing_of(record, now)
    if intent == 'void' and standing ~= 'wrong-type' then return standing and 'voided' end
    return standing == 'refunded' and 'already-counted' or standing
  end
  local counted = read_record(record, now, remember_ms)
  if not counted then return 'wrong-type' end
  if counted.ends <= now then return nil end
  if counted.ends - now < identity.lives_ms then counted.until_text = identity.until_text end
  return counted
end

-- Writes the record that a settlement leaves. Returns the outcome.
local function write_settled(bucket, identity, record, outcome)
  write_lasting_record(bucket, identity.prefix, record, identity.lives_ms)
  return outcome
end

local function write_counted(bucket, identity, at_text, outcome)
  local record =
    text_of_record(identity.prefix, identity.content, identity.attempt, at_text, identity.until_text)
  return write_settled(bucket, identity, record, outcome)
end

-- Adds the attempt to those whose callers may rely on the counted operation.
local function join_counted(bucket, identity, counted)
  if counted.content ~= identity.content then return 'conflict' end
  local attempts = add_attempt(counted.attempts, identity.attempt)
  local record = with_attempts(identity.prefix, counted, attempts)
  return write_settled(bucket, identity, record, 'already-counted')
end

-- The attempts without one; '' when there was no other.
local function remove_attempt(attempts, attempt)
  local rest = {}
  for other in string.gmatch(attempts, '[^,]+') do
    if other ~= attempt then rest[#rest + 1] = other end
  end
  return table.concat(rest, ',')
end

-- Voids the attempt: 'reversed' when it was the last one of a counted operation, whose units the command takes back.
local function void_attempt(bucket, identity, counted)
  local tombstone = identity.prefix .. '!' .. identity.attempt .. ' ' .. identity.until_text
  if not counted then return write_settled(bucket, identity, tombstone, 'voided') end
  if not has_attempt(counted.attempts, identity.attempt) then return 'voided' end
  local rest = remove_attempt(counted.attempts, identity.attempt)
  if rest == '' then return write_settled(bucket, identity, tombstone, 'reversed') end
  return write_settled(bucket, identity, with_attempts(identity.prefix, counted, rest), 'voided')
end
