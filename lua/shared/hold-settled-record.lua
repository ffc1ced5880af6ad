-- The record of a reservation that is settled.
-- @include shared/meters.lua
-- @include shared/operation-bucket.lua
-- @include shared/reservation-record.lua
-- @include shared/settlement-record.lua

-- The reservation of a settlement that the store knows nothing of.
local function new_settled_reservation(identity, intent)
  local is_commit = intent == 'commit'
  local taken = string.match(identity.content, '^[^~]+')
  local named = overlay_meters(read_meters(taken), identity.meters)
  return {
    prefix = identity.prefix,
    state = string.sub(intent, 1, 1),
    on_expiry = identity.on_expiry,
    late = is_commit and identity.is_late and 'l' or '-',
    refunded = '-',
    content = identity.content,
    attempts = attempts_of(identity),
    reference = identity.reference,
    at_text = identity.at_text,
    expires = identity.expires,
    expires_text = identity.expires_text,
    ends = identity.ends,
    packs = intent ~= 'release' and identity.packs or nil,
    held = intent == 'hold' and identity.meters ~= '-' and text_of_meters(named) or taken,
    committed = is_commit and text_of_meters(named) or '-',
  }
end

-- Writes the record of a settled reservation, which lives until the later of its end and the settlement's.
local function write_settled_hold(bucket, identity, r, now)
  local ends = math.max(r.ends, now + identity.lives_ms)
  r.until_text = text_of_instant(ends)
  write_lasting_record(bucket, identity.prefix, text_of_reservation(r), ends - now)
end
