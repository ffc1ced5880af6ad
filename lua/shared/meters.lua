-- Units by meter as one word: `<units>`, then of each other meter with more than 0 `+<meter>=<units>`, sorted by
-- name, all to the base 36: `1+cny_micros=u+tokens=xc`. The content of an operation begins so, `~` and a hash may
-- follow there. An ending names meters as `units=3+tokens=0`, and none as `-`.
-- @include shared/instant.lua

-- Meters by field, a cache.
local METERS = {}

-- The units of each meter, those of operations under `units`.
local function read_meters(text)
  local units, rest = string.match(text, '^([0-9a-z]+)([^~]*)')
  local meters = { units = tonumber(units or '0', 36) }
  if rest == '' then return meters end
  for meter, amount in string.gmatch(rest or '', '%+([^+=]+)=([0-9a-z]+)') do
    meters[meter] = tonumber(amount, 36)
  end
  return meters
end

-- The meters that an ending names, over those that it does not.
local function overlay_meters(meters, named)
  if named == '-' then return meters end
  local result = {}
  for meter, units in pairs(meters) do
    result[meter] = units
  end
  for meter, units in string.gmatch(named, '([^+=]+)=([0-9a-z]+)') do
    result[meter] = tonumber(units, 36)
  end
  return result
end

-- The meters that an extension names where it names more of them than are held.
local function overlay_larger_meters(held, named)
  local meters = overlay_meters(held, named)
  for meter, units in pairs(held) do
    meters[meter] = math.max(meters[meter], units)
  end
  return meters
end

local function text_of_meters(meters)
  local names, text = nil, text_of_instant(meters.units or 0)
  for meter, units in pairs(meters) do
    if meter ~= 'units' and units > 0 then
      names = names or {}
      names[#names + 1] = meter
    end
  end
  if not names then return text end
  table.sort(names)
  for _, meter in ipairs(names) do
    text = text .. '+' .. meter .. '=' .. text_of_instant(meters[meter])
  end
  return text
end

-- What a field counts (shared/counter.lua).
local function meter_of(field)
  local known = METERS[field]
  if not known then
    known = string.match(field, '|(.+)%)$') or 'units'
    METERS[field] = known
  end
  return known
end
