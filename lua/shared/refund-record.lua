-- What a refund leaves of its operation, and answers.
-- @include shared/instant.lua
-- @include shared/operation-bucket.lua
-- @include shared/operation-record.lua

local function refunded(content) return 'refunded ' .. string.match(content, '^[^~]+') end

-- Marks the operation as refunded; a settlement of it that comes later counts nothing.
local function write_refunded(bucket, refund, content, attempts, lives_ms, now)
  local ends = now + lives_ms
  local record = text_of_mark('f', refund.prefix, content, attempts, text_of_instant(ends))
  write_lasting_record(bucket, refund.prefix, record, lives_ms)
end

-- Nothing is counted under the id.
local function refund_unknown(bucket, refund, now, remember_ms)
  if refund.intent == 'refund' or not bucket then return 'not-found' end
  write_refunded(bucket, refund, '0', '.', math.max(refund.ends - now, remember_ms), now)
  return 'voided'
end
