-- A group is a run of checks that have all but their keys and identities in common.
-- As an argument: groups separated by semicolons, each `checks deadline amounts limit-set …`: how many checks there
-- are, the instant after which they write nothing (store clock, ms), what each takes (shared/group-amounts.lua), and
-- of each counter the position of its limit set (from 1).
-- @include shared/group-amounts.lua
-- @include shared/limit-set-positions.lua
-- @include shared/number.lua
local CHECK_GROUP = '^(%d+) (%-?%d+) (%d+)([%d,]*)([ %d]+)(;?)()'

local function read_check_group(limit_sets, checks, deadline, amount, more, positions)
  local group = {
    false,
    checks = integer(checks),
    deadline = integer(deadline),
    amount = false,
    fits = false,
    add = false,
    size = 0,
  }
  read_amounts(group, amount, more, add_limit_sets(group, positions, limit_sets))
  if group.size == 0 or group.checks == 0 then fail('a group', positions) end
  return group
end

-- `key_count` and `identity_count` are what the call has; a call that has more or fewer than its groups is refused.
local function read_check_groups(text, limit_sets, key_count, identity_count)
  local groups, keys, identities, at = {}, 0, 0, 1
  text = text or ''
  repeat
    local checks, deadline, amount, more, positions, separator, rest = string.match(text, CHECK_GROUP, at)
    if not checks then fail('a group', string.sub(text, at)) end
    local group = read_check_group(limit_sets, checks, deadline, amount, more, positions)
    groups[#groups + 1], at = group, rest
    identities, keys = identities + group.checks, keys + group.checks * (1 + group.size)
  until separator == ''
  if at <= #text then fail('the end of the groups', string.sub(text, at)) end
  if keys ~= key_count then fail('the right number of keys', key_count) end
  if identities ~= identity_count then fail('the right number of identities', identity_count) end
  return groups
end
