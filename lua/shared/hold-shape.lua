-- The shape of a hold is what all counters that it alone holds units of have in common: their texts differ in units
-- only (shared/counter.lua).
-- @include shared/hold-entry-texts.lua
-- @include shared/limit-set.lua
-- @include shared/meters.lua

local function escaped(text) return (string.gsub(text, '%p', '%%%0')) end

-- The shape of a hold with these entries (shared/holds.lua), of a reservation that holds these meters: how many entries
-- it has; of each what it holds, and what stands before the units in its counter's text and in answers; the pattern of
-- such a text, which reads the units of each and when the hold expires; and the entries when it is released. False
-- where there is none.
local function new_shape(meters, entries)
  local shape, seen, text, nothing = { held = {}, prefixes = {}, words = {} }, {}, '', {}
  for i, entry in ipairs(entries) do
    local field, starts, units = entry.field, entry.starts, digits_of(entry.units)
    if field == CONCURRENT or seen[field] or entry.units ~= meters[meter_of(field)] then return false end
    seen[field], shape.held[i] = true, entry.units
    shape.prefixes[i] = (i > 1 and ' ' or '') .. field .. starts .. '='
    shape.words[i] = ' 0 ' .. field .. ' ' .. starts .. ' '
    local reserved = units == '0' and '' or ' R' .. starts .. '=' .. units
    text = text .. escaped(shape.prefixes[i]) .. '(%d+)' .. escaped(reserved)
    nothing[i] = field .. starts .. '=0'
  end
  shape.pattern, shape.count = '^' .. text .. ' H([0-9a-z]+)=1$', ' ' .. #entries
  shape.nothing = table.concat(nothing, ',')
  return #entries > 0 and shape
end

-- The same by texts; `shapes` are those of a call, of which there are few.
local function shape_of_hold(shapes, held, text)
  local of_entries = shapes[text] or {}
  local shape = of_entries[held]
  if shape == nil then
    shape = new_shape(read_meters(held), read_entries(text))
    shapes[text], of_entries[held] = of_entries, shape
  end
  return shape
end
