-- Instants are ms since 1970 to the base 36: shorter to store, and faster to read. They may be negative: windows of
-- 1970 begin before it, and so does the clock of a server that has not been set yet.
-- @include shared/number.lua
-- Those that were written: what a call writes is of a few instants.
local INSTANT_TEXTS = {}
local BASE_36 = '0123456789abcdefghijklmnopqrstuvwxyz'
-- Of the largest instant.
local MAX_INSTANT_LENGTH = 12
-- A hundred years: no clock that ever wrote a record here was so far from this one.
local MAX_DISTANCE_MS = 3155760000000

local function instant_of(text)
  if string.byte(text) == 45 then return -tonumber(string.sub(text, 2), 36) end
  return tonumber(text, 36)
end

-- The instant that an argument holds.
local function instant_argument(text)
  local instant = instant_of(text)
  if instant > MAX_INTEGER or instant < -MAX_INTEGER then fail('an instant', text) end
  return instant
end

-- The text of an argument that holds an instant, or `-` for none.
local function instant_or_none(text)
  if text == '-' then return text end
  if not string.find(text, '^%-?[0-9a-z]+$') then fail('an instant', text) end
  instant_argument(text)
  return text
end

-- An instant that a record may hold; nil for anything else.
local function plausible_instant(text, now)
  if #text > MAX_INSTANT_LENGTH then return nil end
  local instant = instant_of(text)
  return math.abs(instant - now) <= MAX_DISTANCE_MS and instant or nil
end

local function text_of_instant(instant)
  local known = INSTANT_TEXTS[instant]
  if known then return known end
  local text, rest = '', math.abs(instant)
  repeat
    local digit = rest % 36
    text, rest = string.sub(BASE_36, digit + 1, digit + 1) .. text, (rest - digit) / 36
  until rest == 0
  text = instant < 0 and '-' .. text or text
  INSTANT_TEXTS[instant] = text
  return text
end
