-- The identities of reserves (hold.lua): of each its words, in their order: what a record of it begins with, content,
-- attempt, the reference of its holds, how long it holds (ms), what its expiry does, and when it is taken or `-`.
-- @include shared/instant.lua
-- @include shared/number.lua
local HOLD_IDENTITY = '^(;%S )(%S+) (%S+) (%S+) (%d+) ([rc]) (%-?[0-9a-z]*)$'

-- The identities of a call by the positions of their arguments, from `first` on.
local function read_hold_identities(argv, first)
  local identities = {}
  for i = first, #argv do
    local words = { string.match(argv[i], HOLD_IDENTITY) }
    if not words[1] then fail('an identity', argv[i]) end
    if units_of(words[5]) > MAX_INTEGER then fail('an integer, or out of range', words[5]) end
    instant_or_none(words[7])
    identities[i] = words
  end
  return identities
end
