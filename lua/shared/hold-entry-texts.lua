-- The entries of a hold as texts (shared/holds.lua).
-- @include shared/number.lua

-- Its patterns are its own: a script has at most 200 local variables.
local function read_entries(text)
  local short, long = '^(%a)(%-?[0-9a-z]+)=(%d+),?()', '^(%([^ ()]+%))(%-?[0-9a-z]+)=(%d+),?()'
  local entries, at = {}, 1
  while at <= #text do
    local pattern = string.byte(text, at) == 40 and long or short
    local field, starts, units, rest = string.match(text, pattern, at)
    if not field then break end
    entries[#entries + 1], at = { field = field, starts = starts, units = tonumber(units) }, rest
  end
  return entries
end

local function text_of_entries(entries)
  if not entries[1] then return '-' end
  local texts = {}
  for i, entry in ipairs(entries) do
    texts[i] = entry.field .. entry.starts .. '=' .. digits_of(entry.units)
  end
  return table.concat(texts, ',')
end
