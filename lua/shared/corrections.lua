-- The corrections of a call, and what they make of counters.
-- @include shared/counter-slow-path.lua
-- @include shared/hold-changes.lua
-- @include shared/limit-set-positions.lua
local CORRECTION = '^(%-?%d+)([ %d]+)$'

-- From argument `first` on; a call that has other keys than they need is refused. A limit's max is what is to be
-- used, so every one must enforce.
local function read_corrections(argv, first, limit_sets, key_count)
  local corrections, keys = {}, 0
  for i = first, #argv do
    local deadline, positions = string.match(argv[i], CORRECTION)
    if not deadline then fail('a correction', argv[i]) end
    local correction = { deadline = integer(deadline), size = 0 }
    add_limit_sets(correction, positions, limit_sets)
    if correction.size == 0 then fail('a correction', argv[i]) end
    corrections[#corrections + 1], keys = correction, keys + correction.size
  end
  if #corrections == 0 then fail('a correction', nil) end
  if keys ~= key_count then fail('the right number of keys', key_count) end
  return corrections
end

-- Sets the limits of the counters that were read, and notes their units in `state`: window indexes, and units.
local function set_limits(keys, key, correction, held, state)
  local indexes, used = unpack(state)
  local at = 0
  for c = 1, correction.size do
    local windows, limit_set, opens = held[c], correction[c], false
    for i = 1, limit_set.size do
      at = at + 1
      local limit = limit_set[i]
      local window, starts = windows[limit.field], start_text_of(limit, indexes[at])
      local reserved = window and window.starts == starts and window.reserved or 0
      used[at] = math.min(limit.max + reserved, MAX_INTEGER)
      opens = own.set_limit(windows, limit, indexes[at], used[at]) or opens
    end
    write_counter(
      keys[key + c],
      text_of_windows(windows),
      limit_set,
      opens,
      windows.holds or windows.override
    )
  end
end
