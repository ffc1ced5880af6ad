-- Finds the reservation that a call means, and says how long one is remembered that ends.
-- @include shared/operation-bucket.lua
-- @include shared/reservation-instant.lua
-- @include shared/reservation-record.lua

-- The reservation that an ending means; nil when there is none any more, or another one under the operation's id.
local function find_reservation(bucket, ending, now, remember_ms)
  local record = find_record(bucket, ending.prefix)
  local r = record and is_of_other_kind(record) and read_reservation(record, now)
  if not r or r.ends <= now then return nil end
  return (ending.at_text == '-' or is_of(r, ending.at_text, remember_ms)) and r or nil
end

-- It ends now. A settled one is remembered as long as its settlements may be repeated, counted from now.
local function remember_ended(r, now, remember_ms)
  local is_settled = r.ends > r.expires + remember_ms
  r.ends = is_settled and math.max(r.ends + now - r.at, now + remember_ms) or now + remember_ms
  r.until_text = text_of_instant(r.ends)
end
