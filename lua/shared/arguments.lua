-- Reads the one argument of a script, typed: it looks at all of it before it writes anything. It is JSON, since
-- decoding one text costs a fraction of taking in a word for every number.
-- ARGV[1] has at least: format, so that old and new nodes can share one Redis; offset (ms added to the clock; only
-- tests set it); remember (ms an operation is kept); margin (ms a counter outlives its windows).
local MAX_INTEGER = 9007199254740991
local FORMAT = '1'

local function fail(what, value) error('SUNDIAL not ' .. what .. ': ' .. tostring(value)) end

-- Also refuses what is no number at all: every comparison with `nan` is false, and so would be a limit's.
local function integer(value, least)
  if type(value) ~= 'number' or value % 1 ~= 0 or value < (least or 0) or value > MAX_INTEGER then
    fail('an integer, or out of range', value)
  end
  return value
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

local function text(value)
  if type(value) ~= 'string' then fail('a text', value) end
  return value
end

local function list(value, length)
  if type(value) ~= 'table' or (length and #value ~= length) then
    fail('a list, or of another length', value)
  end
  return value
end

if #ARGV ~= 1 then fail('one argument', #ARGV) end
local decoded, arguments = pcall(cjson.decode, ARGV[1])
if not decoded or list(arguments).format ~= FORMAT then fail('of a known format', ARGV[1]) end
local offset, margin = integer(arguments.offset, -MAX_INTEGER), integer(arguments.margin)
local remember = digits(integer(arguments.remember))
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + offset
