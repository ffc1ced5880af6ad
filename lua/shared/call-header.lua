-- The first argument of a script that counts holds what all operations of the call have in common:
-- `format offset remember margin`
--
-- format    the version of arguments and reply; a script refuses any but its own
-- offset    ms added to the store's clock; only tests set it
-- remember  ms for which an operation is remembered after it was counted
-- margin    ms for which a counter outlives its windows, and up to half as long again (shared/counter.lua)
--
-- Arguments are texts that patterns read: decoding JSON costs several times as much, and so does an argument for
-- every number. A script reads all of them before it writes anything.
-- @include shared/number.lua
local FORMAT = '2'
local CALL_HEADER = '^(%d+) (%-?%d+) (%d+) (%d+)$'

-- Now by the store's clock, the only one that decides, and how long operations and counters are kept.
local function read_call_header(text)
  local format, offset, remember, margin = string.match(text or '', CALL_HEADER)
  if format ~= FORMAT then fail('of a known format', text) end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000) + integer(offset)
  return now, integer(remember), integer(margin)
end
