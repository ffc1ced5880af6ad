-- What a call refunds.
-- @include shared/instant.lua
-- @include shared/limit-set-positions.lua
local REFUND = '^(;%S )(%-?%d+) (%a+) (%-?[0-9a-z]+)([ %d]+)$'
local REFUND_INTENTS = { refund = true, settle = true }

local function has_mismatch(refund)
  for c = 1, refund.size do
    if refund[c].has_mismatch then return true end
  end
  return false
end

-- The refunds of a call, from argument `first` on; a call that has other keys than they need is refused.
local function read_refunds(argv, first, limit_sets, key_count)
  local refunds, keys = {}, 0
  for i = first, #argv do
    local prefix, deadline, intent, until_text, positions = string.match(argv[i], REFUND)
    if not prefix or not REFUND_INTENTS[intent] then fail('a refund', argv[i]) end
    local refund = { prefix = prefix, deadline = integer(deadline), intent = intent, size = 0 }
    refund.ends = instant_argument(until_text)
    add_limit_sets(refund, positions, limit_sets)
    refunds[#refunds + 1], keys = refund, keys + 1 + refund.size
  end
  if #refunds == 0 then fail('a refund', nil) end
  if keys ~= key_count then fail('the right number of keys', key_count) end
  return refunds
end
