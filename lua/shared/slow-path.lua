-- What scripts of the fast path need of all other counters. Redis makes every function of a script again in each call,
-- and most calls meet no such counter: so a script makes these when it meets one.
-- @include shared/counter-slow-path.lua
-- @include shared/holds.lua
-- @include shared/overrides.lua

-- Reads what an argument says of a limit with own windows, and by how much its max is lowered. Returns what stands
-- behind it.
local function read_rest_of_limit(set, limit, text, at)
  local zone, lowered, separator, rest = string.match(text, '^ ?(%d*) ?%-?(%d*)([,;]?)()', at)
  if zone == '' and lowered == '' then fail('a zone or a lowered max', string.sub(text, at)) end
  if zone ~= '' then
    limit.zone, limit.ends_field, set.is_own = integer(zone), own.ends_field_of(limit.field), true
  end
  if lowered ~= '' then
    limit.whole_max, limit.lowered_by = limit.max, integer(lowered)
    limit.max = math.max(limit.max - limit.lowered_by, 0)
  end
  return separator, rest
end

-- Reads the limits of a counter with that text. Returns what `read_counter` does (shared/counter-fast-path.lua).
local function read_other_counter(key, stored, limit_set, before, indexes, used)
  local windows = read_windows(stored)
  if not windows or not end_due_holds(key, windows, limit_set.now) then return nil end
  local latest, latest_text = read_slow(windows, limit_set, before, indexes, used)
  if indexes.kept then return nil end
  return windows, latest, latest_text, with_override(key, windows, limit_set, before, indexes)
end

return {
  add_slow = add_slow,
  take_kept = own.take_kept,
  read_rest_of_limit = read_rest_of_limit,
  read_counter = read_other_counter,
  with_override = with_override,
}
