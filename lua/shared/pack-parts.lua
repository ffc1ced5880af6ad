-- What an operation took from packs, in parts: `<pack>/<meter>/<units to the base 36>`, separated by commas.
-- @include shared/packs.lua

function pack_store.parts_of(text)
  local parts = {}
  for id, meter, units in string.gmatch(text or '', '([^/,]+)/([^/,]+)/([0-9a-z]+)') do
    parts[#parts + 1] = { id = id, meter = meter, units = tonumber(units, 36) }
  end
  return parts
end

-- Nil where nothing is taken.
function pack_store.text_of_parts(parts)
  local texts = {}
  for _, part in ipairs(parts) do
    if part.units > 0 then
      texts[#texts + 1] = part.id .. '/' .. part.meter .. '/' .. text_of_instant(part.units)
    end
  end
  return texts[1] and table.concat(texts, ',')
end

function pack_store.part_of(parts, id)
  for _, part in ipairs(parts) do
    if part.id == id then return part end
  end
  return nil
end

-- The parts, and what else is taken.
function pack_store.joined_parts(parts, more)
  for _, part in ipairs(more) do
    local known = pack_store.part_of(parts, part.id)
    if known then
      known.units = known.units + part.units
    else
      parts[#parts + 1] = part
    end
  end
  return parts
end

-- What packs give of each meter, as a record says it.
function pack_store.given_by(text)
  local given = {}
  for _, part in ipairs(pack_store.parts_of(text)) do
    given[part.meter] = (given[part.meter] or 0) + part.units
  end
  return given
end

-- Of these meters, what windows count: all that packs do not give.
function pack_store.in_windows(meters, parts)
  if not parts[1] then return meters end
  local rest = {}
  for meter, units in pairs(meters) do
    rest[meter] = units
  end
  for _, part in ipairs(parts) do
    rest[part.meter] = math.max((rest[part.meter] or 0) - part.units, 0)
  end
  return rest
end

-- What stays taken where of `held` these meters are committed: the windows are charged first, then the packs, in the
-- order in which they gave.
function pack_store.kept_parts(parts, held, meters)
  local in_windows, rest, kept = pack_store.in_windows(held, parts), {}, {}
  for meter, units in pairs(meters) do
    rest[meter] = math.max(units - (in_windows[meter] or 0), 0)
  end
  for i, part in ipairs(parts) do
    local units = math.min(part.units, rest[part.meter] or 0)
    rest[part.meter] = (rest[part.meter] or 0) - units
    kept[i] = { id = part.id, meter = part.meter, units = units }
  end
  return kept
end
