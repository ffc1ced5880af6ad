-- How a reservation is extended.
-- @include shared/counter-slow-path.lua
-- @include shared/endings.lua
-- @include shared/hold-end.lua
-- @include shared/limit-set-positions.lua
-- @include shared/overrides.lua
-- @include shared/reserved-words.lua
local EXTENSION = '^(;%S )(%-?%d+) (%d+) (%-?[0-9a-z]*) ([^ ]+)([ %d]+)$'

-- The extensions of a call, from argument `first` on; a call that has other keys than they need is refused.
local function read_extensions(argv, first, limit_sets, key_count)
  local extensions, keys = {}, 0
  for i = first, #argv do
    local prefix, deadline, ttl, at_text, meters, positions = string.match(argv[i], EXTENSION)
    if not prefix then fail('an extension', argv[i]) end
    assert_named_meters(meters)
    local extension = { prefix = prefix, meters = meters, size = 0 }
    extension.at_text = instant_or_none(at_text)
    extension.deadline, extension.ttl_ms = integer(deadline), integer(ttl)
    add_limit_sets(extension, positions, limit_sets, NO_LIMITS)
    extensions[#extensions + 1], keys = extension, keys + 1 + extension.size
  end
  if #extensions == 0 then fail('an extension', nil) end
  if keys ~= key_count then fail('the right number of keys', key_count) end
  return extensions
end

-- What every limit of a reservation's counters holds now; nil where one has neither of its windows.
local function group_of_limit_sets(counters, extension)
  local group, before = { size = #counters, held = {}, indexes = {}, used = {}, shown = 0 }, 0
  for c, counter in ipairs(counters) do
    local limit_set = extension[c]
    if limit_set.has_mismatch then return nil end
    group[c] = with_override(counter.key, counter.windows, limit_set, before, group.indexes)
    group.held[c] = counter.windows
    if limit_set.size > 0 then read_slow(counter.windows, limit_set, before, group.indexes, group.used) end
    if group.indexes.kept then return nil, group.indexes.kept end
    before = before + limit_set.size
  end
  group.shown = before
  return group
end

-- What is added of each meter.
local function added_to(held, meters)
  local added = {}
  for meter, units in pairs(meters) do
    added[meter] = units - (held[meter] or 0)
  end
  return added
end

-- Whether every limit has room for what is added; a limit to which nothing is added has.
local function adds_fit(group, added_meters)
  local position = 0
  for c = 1, group.size do
    for i = 1, group[c].size do
      local limit = group[c][i]
      local added = added_meters[meter_of(limit.field)] or 0
      position = position + 1
      if added > 0 and group.used[position] + added > limit.max then return false end
    end
  end
  return true
end

local function words_of_limits(outcome, group)
  local answer = outcome
  for limit = 1, group.shown do
    answer = answer .. (group.indexes[limit] == 0 and ' 0 ' or ' 1 ') .. digits_of(group.used[limit])
  end
  return with_reserved(answer, group.shown, group, group.held, group.indexes)
end
