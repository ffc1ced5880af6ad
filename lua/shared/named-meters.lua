-- The meters that an argument names, with their units: `units=3+tokens=0` to the base 36, `-` for none.
-- @include shared/number.lua
local NAMED_METERS = '^[^+=]+=[0-9a-z]+$'

local function assert_named_meters(text)
  if text == '-' then return end
  for named in string.gmatch(text, '[^+]+') do
    local units = string.match(named, NAMED_METERS) and tonumber(string.match(named, '=(.*)$'), 36)
    if not units or units > MAX_INTEGER then fail('a meter and its units', named) end
  end
end
