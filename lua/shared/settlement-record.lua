-- What a settlement finds and writes in the bucket of its operation. `identity` is what shared/settlement-group.lua
-- reads.
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua

-- The record of a counted operation, which lives until the later of its end and the settlement's from now on; nil
-- when the operation is not counted, 'wrong-type' when no node wrote its record.
local function recall_counted(bucket, identity, now, remember_ms)
  local record = find_record(bucket, identity.prefix)
  if not record or is_tombstone(record) then return nil end
  local counted = read_record(record, now, remember_ms)
  if not counted then return 'wrong-type' end
  if counted.ends <= now then return nil end
  if counted.ends - now < identity.lives_ms then counted.until_text = identity.until_text end
  return counted
end

-- Writes the record that a settlement leaves. Returns the outcome.
local function write_settled(bucket, identity, record, outcome)
  write_record(bucket, identity.prefix, record, identity.lives_ms)
  if string.sub(bucket.stored, 1, 1) ~= '+' then bucket.stored = '+' .. bucket.stored end
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
