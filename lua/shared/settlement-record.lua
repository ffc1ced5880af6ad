-- What a settlement finds and writes in the bucket of its operation. `identity` is what shared/settlement-group.lua
-- reads.
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua
-- @include shared/reservation-record.lua

-- Whether a record is a tombstone. Its attempts stay voided, whatever is written in its place.
local function note_voided(identity, record, now)
  if not is_tombstone(record) then return false end
  local voided, ends, until_text = read_tombstone(record, now)
  if not ends or ends <= now then return true end
  identity.voided = voided
  if ends - now > identity.lives_ms then identity.tomb_until_text = until_text end
  return true
end

-- The attempts of the record that a settlement writes.
local function attempts_of(identity)
  local others = remove_attempt(identity.voided or '', '!' .. identity.attempt)
  return others == '' and identity.attempt or identity.attempt .. ',' .. others
end

local function text_of_tombstone(identity, attempts)
  return identity.prefix .. attempts .. ' ' .. (identity.tomb_until_text or identity.until_text)
end

-- The record of a counted operation, which lives until the later of its end and the settlement's from now on; nil
-- when the operation is not counted; or the outcome where its record allows no other. A check that was refunded has
-- counted, and a reservation is none.
local function recall_counted(bucket, identity, now, remember_ms, intent)
  local record = find_record(bucket, identity.prefix)
  if not record or note_voided(identity, record, now) then return nil end
  if is_of_other_kind(record) then
    local standing = standing_of(record, now)
    if not standing then identity.voided = FREED end
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
  local attempts = attempts_of(identity)
  local record = text_of_record(identity.prefix, identity.content, attempts, at_text, identity.until_text)
  return write_settled(bucket, identity, record, outcome)
end

-- Adds the attempt to those whose callers may rely on the counted operation. A settlement that counts again what a
-- store may have lost names what packs gave behind the content.
local function join_counted(bucket, identity, counted)
  local content = identity.content
  if counted.content ~= content and counted.content ~= string.match(content, '^[^!]+') then
    return 'conflict'
  end
  local attempts = allow_attempt(counted.attempts, identity.attempt)
  local record = with_attempts(identity.prefix, counted, attempts)
  return write_settled(bucket, identity, record, 'already-counted')
end

-- Voids the attempt: 'reversed' when it was the last one of a counted operation, whose units the command takes back.
local function void_attempt(bucket, identity, counted)
  local attempts = counted and counted.attempts or identity.voided or ''
  local rest, prefix = void_among(attempts, identity.attempt), identity.prefix
  if not counted then return write_settled(bucket, identity, text_of_tombstone(identity, rest), 'voided') end
  if live_attempts(rest) == '' then
    return write_settled(bucket, identity, text_of_tombstone(identity, rest), 'reversed')
  end
  return rest ~= attempts and write_settled(bucket, identity, with_attempts(prefix, counted, rest), 'voided')
    or 'voided'
end
