-- What a settlement of a reservation makes of its counters and its record. `state` has its group, its counters and
-- its identity.
-- @include shared/group-amounts.lua
-- @include shared/hold-end.lua
-- @include shared/hold-identity.lua
-- @include shared/hold-settled-record.lua
-- @include shared/settlement-slow-path.lua

local function is_last_attempt(r, identity)
  local attempt = identity.attempt
  return has_attempt(r.attempts, attempt) and live_attempts(remove_attempt(r.attempts, attempt)) == ''
end

-- Voids an attempt that is not the last one, or of which the store knows nothing.
local function void_hold(bucket, identity, r)
  if not r then return void_attempt(bucket, identity, nil) end
  r.attempts = void_among(r.attempts, identity.attempt)
  write_record(bucket, identity.prefix, text_of_reservation(r))
  return 'voided'
end

local function outcome_of_ended(r, intent)
  if intent == 'void' then return 'voided' end
  if intent == 'release' then return r.state == 'r' and 'voided' or 'conflict' end
  if intent == 'commit' and r.state == 'r' then return 'conflict' end
  return r.state == 'c' and 'already-counted' or 'voided'
end

-- Ends what the store holds, or what its expiry has left.
local function end_settled_hold(bucket, state, r, now)
  local group, counters, identity = unpack(state)
  local is_commit = group.intent == 'commit'
  if not is_commit and is_free(r, now) then return 'voided' end
  -- What its expiry has committed stays, unless the release came before that.
  local is_after = has_expired(r, now) and identity.decided >= math.max(r.expires, identity.expires)
  if group.intent == 'release' and is_after then return 'conflict' end
  end_reservation(counters, r, is_commit and overlay_meters(read_meters(r.held), identity.meters), now)
  if group.intent == 'void' then
    local attempts = void_among(r.attempts, identity.attempt)
    return write_settled(bucket, identity, text_of_tombstone(identity, attempts), 'reversed')
  end
  r.late = is_commit and identity.is_late and 'l' or '-'
  write_settled_hold(bucket, identity, r, now)
  return is_commit and 'counted 0' or 'reversed'
end
