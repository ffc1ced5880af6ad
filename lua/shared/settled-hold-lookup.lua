-- Finds the reservation that a settlement means.
-- @include shared/hold-end.lua
-- @include shared/hold-identity.lua
-- @include shared/reservation-instant.lua
-- @include shared/settlement-record.lua

-- When a reservation was released, by how long it is remembered from then on; -inf where its expiry did that.
local function released_at(r, identity, remember_ms)
  if r.state ~= 'r' then return -math.huge end
  local is_settled = r.ends > r.expires + remember_ms
  return r.ends - (is_settled and identity.settled_ms or remember_ms)
end

-- The shards of a reservation agree on when it was taken, by which its endings find it. What is here may be what
-- another attempt has begun, and the shard that decides between them has heard of it later, or not at all.
local function follow(bucket, identity, intent, r, now)
  if r.at_text == identity.at_text or intent ~= 'release' and is_free(r, now) then return end
  r.at, r.at_text = identity.at, identity.at_text
  write_record(bucket, identity.prefix, text_of_reservation(r))
end

-- The reservation that is settled, as far as the store knows it; nil when it does not, and the outcome where the
-- record is another operation's. An attempt that was refused may have taken whatever is there, and a reservation that
-- a node had decided may be there by another attempt. A release frees the operation id for attempts after it; those
-- before it, which other nodes had decided, are released with it.
local function find_settled_hold(bucket, identity, intent, now, remember_ms)
  local gives_back = intent == 'void' or intent == 'release'
  local record = find_record(bucket, identity.prefix)
  if not record or note_voided(identity, record, now) then return nil end
  local r = is_of_other_kind(record) and read_reservation(record, now)
  if not r then
    local other = recall_counted(bucket, identity, now, remember_ms, 'count')
    if other and other ~= 'wrong-type' then other = gives_back and 'voided' or 'conflict' end
    return other
  end
  if r.ends <= now then return nil end
  if identity.follows and intent ~= 'void' then follow(bucket, identity, intent, r, now) end
  if intent == 'void' or r.at_text == identity.at_text then return r end
  if is_free(r, now) then
    local is_before = identity.at <= released_at(r, identity, remember_ms)
    identity.voided = FREED
    return is_before and intent ~= 'commit' and 'voided' or nil
  end
  -- What was released before the data was lost may be taken again: from then on it is another one.
  local is_other = identity.is_lost and intent == 'release'
  if identity.is_degraded or not is_other and is_of(r, identity.at_text, remember_ms) then return r end
  if is_other then
    r.attempts = after_freed(r.attempts)
    write_record(bucket, identity.prefix, text_of_reservation(r))
  end
  return gives_back and 'voided' or 'conflict'
end
