-- Reads ARGV from left to right, typed: a script looks at all its arguments before it writes anything.
-- Every script's ARGV begin with: format, so that old and new nodes can share one Redis; offset (ms added to the
-- clock; only tests set it); remember (ms an operation is kept); margin (ms a counter outlives its windows).
local MAX_INTEGER = 9007199254740991
local FORMAT = '1'
local cursor = 0

local function word()
  cursor = cursor + 1
  return ARGV[cursor] or error('SUNDIAL too few arguments')
end

-- Plain digits only: tonumber alone would take `nan`, to which every comparison is false, `0x10` and `1e3`.
local function integer(least)
  local text = word()
  local number = string.find(text, '^%-?%d+$') and tonumber(text)
  if not number or number < (least or 0) or number > MAX_INTEGER then
    error('SUNDIAL not an integer, or out of range: ' .. text)
  end
  return number
end

local function flag()
  local text = word()
  if text ~= '0' and text ~= '1' then error('SUNDIAL neither 0 nor 1: ' .. text) end
  return text == '1'
end

-- An item of a list that was read before, by its position.
local function member(list)
  return list[tonumber(word())] or error('SUNDIAL not in the list: ' .. ARGV[cursor])
end

local function finished() return cursor == #ARGV end

if word() ~= FORMAT then error('SUNDIAL unknown format') end
local offset, remember, margin = integer(-MAX_INTEGER), tostring(integer()), integer()
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + offset
