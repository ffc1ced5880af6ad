-- What a return finds and writes in the bucket of its operation: a mark with the attempts whose callers rely on it.
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua
-- @include shared/reservation-record.lua
local RETURN = '^(;%S )(%S+) (%S+) (%l+)$'
local RETURNS = { ['return'] = true, undo = true }

-- The identities of a call by the positions of their arguments, from `first` on.
local function read_returns(argv, first)
  local identities = {}
  for i = first, #argv do
    local prefix, content, attempt, kind = string.match(argv[i], RETURN)
    if not prefix or not RETURNS[kind] then fail('an identity', argv[i]) end
    local identity = { prefix = prefix, content = content, attempt = attempt, attempts = attempt }
    identity.is_undo = kind == 'undo'
    identities[i] = identity
  end
  return identities
end

-- Marks the operation as a return that these attempts rely on.
local function write_return(bucket, identity, attempts, ends, now)
  local record = text_of_mark('g', identity.prefix, identity.content, attempts, text_of_instant(ends))
  write_lasting_record(bucket, identity.prefix, record, ends - now)
end

-- The outcome of one whose operation has a record already; nil when it is a new one.
local function replay_return(bucket, identity, now, remember_ms)
  local record = find_record(bucket, identity.prefix)
  if not record then return nil end
  if is_tombstone(record) then
    local voided, ends = read_tombstone(record, now)
    if not ends or ends <= now then return not ends and 'wrong-type' or nil end
    if is_voided(voided, identity.attempt) then return 'expired' end
    identity.attempts = identity.attempt .. ',' .. voided
    return nil
  end
  local mark = read_mark(record, now)
  if mark and mark.kind == 'g' and mark.ends > now then
    if mark.content ~= identity.content then return 'conflict' end
    write_return(bucket, identity, add_attempt(mark.attempts, identity.attempt), mark.ends, now)
    return 'replayed'
  end
  if is_of_other_kind(record) then
    local standing = standing_of(record, now)
    return standing == 'refunded' and 'conflict' or standing
  end
  local counted = read_record(record, now, remember_ms)
  if not counted then return 'wrong-type' end
  return counted.ends > now and 'conflict' or nil
end

-- Voids the attempt. Whether no other one relies on what it had given back.
local function undo_return(bucket, identity, now, remember_ms)
  local record = find_record(bucket, identity.prefix)
  local mark = record and read_mark(record, now)
  if not mark or mark.kind ~= 'g' or not has_attempt(mark.attempts, identity.attempt) then return false end
  local rest = void_among(mark.attempts, identity.attempt)
  local is_last = live_attempts(rest) == ''
  if is_last then
    local tombstone = identity.prefix .. rest .. ' ' .. text_of_instant(now + remember_ms)
    write_lasting_record(bucket, identity.prefix, tombstone, remember_ms)
  else
    write_return(bucket, identity, rest, mark.ends, now)
  end
  return is_last
end
