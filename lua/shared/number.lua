-- Numbers travel as texts, in arguments, replies and records.
local MAX_INTEGER = 9007199254740991
-- The max of a limit without one that would enforce an override's (`enforced` 2): more than any counter holds.
local NO_MAX = 2 ^ 1000
-- Texts of numbers by number, and numbers by text: a cache of pure functions. Formatting a number costs as much as
-- writing it to Redis, and reading one as much as a look-up; most counts are small and occur many times in a call.
local TEXT_OF = {}
local NUMBER_OF = { ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3 }

-- Ends the script. Arguments are checked before the first write.
local function fail(what, value) error('SUNDIAL not ' .. what .. ': ' .. tostring(value)) end

-- The integer that an argument holds.
local function integer(text)
  local number = tonumber(text)
  if not number or number > MAX_INTEGER or number < -MAX_INTEGER then
    fail('an integer, or out of range', text)
  end
  return number
end

-- An integer in decimal digits.
local function digits_of(number)
  local known = TEXT_OF[number]
  if not known then
    known = string.format('%d', number)
    TEXT_OF[number] = known
  end
  return known
end

-- The number of units that decimal digits stand for.
local function units_of(digits)
  local known = NUMBER_OF[digits]
  if not known then
    known = tonumber(digits)
    NUMBER_OF[digits] = known
  end
  return known
end
