-- Reads the endings of a call.
-- @include shared/instant.lua
-- @include shared/named-meters.lua
-- @include shared/number.lua
local ENDING = '^(;%S )(%d+) (%-?%d+) (%a+) (%-?[0-9a-z]*) ([^ ]+)([ %d]*)$'
local KINDS = { commit = true, release = true, look = true }

-- From argument `first` on; a call that has other keys than its endings is refused.
local function read_endings(argv, first, key_count)
  local endings, keys = {}, 0
  for i = first, #argv do
    local prefix, counters, deadline, kind, at_text, meters, positions = string.match(argv[i], ENDING)
    if not prefix or not KINDS[kind] then fail('an ending', argv[i]) end
    assert_named_meters(meters)
    local ending = {
      prefix = prefix,
      counters = integer(counters),
      deadline = integer(deadline),
      kind = kind,
      at_text = instant_or_none(at_text),
      meters = meters,
      positions = positions,
    }
    endings[#endings + 1], keys = ending, keys + 1 + ending.counters
  end
  if #endings == 0 then fail('an ending', nil) end
  if keys ~= key_count then fail('the right number of keys', key_count) end
  return endings
end
