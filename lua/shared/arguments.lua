-- Reads the arguments of a script that counts, typed: it looks at all of them before it writes anything. They are
-- texts for patterns to read: decoding JSON costs several times as much, and so does an argument for every number.
-- ARGV[1] what all have in common: format, so that old and new nodes can share one Redis; offset (ms added to the
--         clock; only tests set it); remember (ms an operation is kept); margin (ms a counter
--         outlives its windows; and up to half as long again, see shared/counter.lua)
-- ARGV[2] ladders (shared/ladders.lua)
local MAX_INTEGER = 9007199254740991
local FORMAT = '1'

local function fail(what, value) error('SUNDIAL not ' .. what .. ': ' .. tostring(value)) end

-- A number by its digits.
local function integer(text)
  local number = tonumber(text)
  if not number or number > MAX_INTEGER or number < -MAX_INTEGER then
    fail('an integer, or out of range', text)
  end
  return number
end

-- As Redis would write it, and once: formatting a number costs as much as writing it.
local written = {}
local function digits(number)
  local known = written[number]
  if not known then
    known = string.format('%d', number)
    written[number] = known
  end
  return known
end

local format, offset, remember, margin = string.match(ARGV[1] or '', '^(%d+) (%-?%d+) (%d+) (%d+)$')
if format ~= FORMAT then fail('of a known format', ARGV[1]) end
offset, margin = integer(offset), integer(margin)
integer(remember)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + offset
