-- Reads the argument that holds the limit sets of a call.
-- @include shared/limit-set.lua
-- @when-needed slow_path shared/slow-path.lua

-- A set in which a limit has neither window now has a mismatch: the node recomputes its windows. A counter need not
-- live for a limit of what is held at once: its holds see to that.
local function read_limit_sets(text, now, margin_ms)
  local sets, set, at = {}, new_limit_set(now, margin_ms), 1
  text = text or ''
  repeat
    local pattern = string.byte(text, at) == 40 and LONG_LIMIT or LIMIT
    local field, max, enforced, current, next, after, separator, rest = string.match(text, pattern, at)
    if not field then fail('a limit', string.sub(text, at)) end
    local limit = read_limit(now, field, max, enforced, current, next, after)
    local lives_ms = field == CONCURRENT and 0 or limit.after - now + margin_ms
    if separator == '' and rest <= #text then
      separator, rest = slow_path().read_rest_of_limit(set, limit, text, rest)
      -- An own window may be in force up to a window longer.
      lives_ms = lives_ms + (limit.zone and limit.after - limit.next or 0)
    end
    set.expires_in_ms, at = math.max(set.expires_in_ms, lives_ms), rest
    set.has_mismatch = set.has_mismatch or not limit.index
    set.size = set.size + 1
    set[set.size] = limit
    if separator ~= ',' then
      if not set.has_mismatch then expect_windows_of_now(set) end
      -- No counter's text begins so: one with own windows is read window by window.
      if set.is_own then set.pattern = '^ ' end
      sets[#sets + 1], set = set, new_limit_set(now, margin_ms)
    end
  until separator == ''
  if at <= #text then fail('the end of the limit sets', string.sub(text, at)) end
  return sets
end
