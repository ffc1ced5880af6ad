-- Reverses operations while they are remembered, in exactly the windows they were counted in. A refund may be
-- repeated.
-- A call refunds many, each on its own: a wrong-type key of one leaves the others alone.
--
-- `refund`: what is not remembered can't be refunded. `settle`: it was refunded without the store, or its client says
-- that it had refused it; what is held is released, and where nothing is counted under the id, what a settlement or a
-- call would count later is not counted any more.
--
-- KEYS    of each refund: its bucket (shared/operation-bucket.lua), then its counters (shared/counter.lua)
-- ARGV[1] call header (shared/call-header.lua)   ARGV[2] limit sets (shared/limit-set.lua)
-- ARGV[3…] of each refund: `;<last character of the operation id> <deadline> <refund|settle> <until> <limit set>
--         …`: the instant after which it does nothing (store clock, ms), until when the store remembers it at least,
--         and of each counter the position of its limit set (from 1)
-- Returns one text of words separated by spaces: format, now (ms), then of each refund its outcome: refunded,
--         followed by what is given back (shared/meters.lua); voided (by `settle`: nothing was counted); held (a
--         reservation that
--         has not ended); not-found | expired | window-mismatch | wrong-type
--[[ Sample
# Operation `…7` is refunded: the store remembers none.
redis-cli --eval <(node scripts/print-lua.mjs refund) bucket counter , '2 0 900000 3600000' \
  'd 10 1 0 zzzzzzzz zzzzzzzzz' ';7 9007199254740991 refund zzzzzzzz 1'
#> "2 1795712775918 not-found"
# Format 2, the store's clock; the bucket has no record of it.
]]
-- @include shared/call-header.lua
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua
-- @include shared/limit-sets.lua
-- @include shared/operation-bucket.lua
-- @include shared/refund-call.lua
-- @include shared/refunds.lua
local keys, argv, FIRST_REFUND = KEYS, ARGV, 3
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local refunds = read_refunds(argv, FIRST_REFUND, limit_sets, #keys)

local buckets = {}

-- Refunds the operation whose bucket is keys[key]. Returns the outcome, as it is answered.
local function refund_one(refund, key)
  if now > refund.deadline then return 'expired' end
  if refund.intent == 'refund' and has_mismatch(refund) then return 'window-mismatch' end
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if not bucket then return 'wrong-type' end
  local record = find_record(bucket, refund.prefix)
  if not record or is_tombstone(record) then return refund_unknown(bucket, refund, now, remember_ms) end
  local mark = read_mark(record, now)
  if mark and mark.kind == 'f' and mark.ends > now then return refunded(mark.content) end
  if is_of_other_kind(record) then
    local r = read_reservation(record, now)
    if not r and not mark then return 'wrong-type' end
    local is_over = (mark or r).ends <= now
    if mark or is_over then return refund_unknown(is_over and bucket, refund, now, remember_ms) end
    return refund_reservation(bucket, refund, { keys, key, r }, now, remember_ms)
  end
  local counted = read_record(record, now, remember_ms)
  if not counted then return 'wrong-type' end
  if counted.ends <= now then return refund_unknown(bucket, refund, now, remember_ms) end
  return refund_counted(bucket, refund, { keys, key, counted }, now, remember_ms)
end

local answers, key = { FORMAT, digits_of(now) }, 1
for _, refund in ipairs(refunds) do
  answers[#answers + 1] = refund_one(refund, key)
  key = key + 1 + refund.size
end
write_buckets(buckets)
return table.concat(answers, ' ')
