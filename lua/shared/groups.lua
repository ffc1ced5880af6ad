-- A group is a run of checks that have all but their keys and names in common.
-- As an argument: groups with semicolons between, each `checks deadline amount ladder …`: how many they are, the
-- instant from which on they write nothing (store clock, ms), and of each counter the place of its ladder (from 1)
local GROUP = '^(%d+) (%-?%d+) (%d+)([ %d]+)(;?)()'
-- The arguments before the names of the checks.
local NAMES_AFTER = 3

local function read_group(checks, deadline, amount, positions)
  local group =
    { false, checks = integer(checks), deadline = integer(deadline), amount = integer(amount), size = 0 }
  for position in string.gmatch(positions, '%d+') do
    local ladder = ladders[tonumber(position)]
    if not ladder then fail('a ladder', position) end
    group.size = group.size + 1
    group[group.size] = ladder
  end
  if group.size == 0 or group.checks == 0 then fail('a group', positions) end
  return group
end

local function read_groups(text)
  local groups, key_count, check_count, at = {}, 0, 0, 1
  repeat
    local checks, deadline, amount, positions, mark, rest = string.match(text, GROUP, at)
    if not checks then fail('a group', string.sub(text, at)) end
    local group = read_group(checks, deadline, amount, positions)
    groups[#groups + 1], at = group, rest
    check_count, key_count = check_count + group.checks, key_count + group.checks * (1 + group.size)
  until mark == ''
  if at <= #text then fail('the end of the groups', string.sub(text, at)) end
  if key_count ~= #KEYS then fail('the right number of keys', #KEYS) end
  if check_count ~= #ARGV - NAMES_AFTER then fail('the right number of names', #ARGV - NAMES_AFTER) end
  return groups
end

local groups = read_groups(ARGV[NAMES_AFTER] or '')
