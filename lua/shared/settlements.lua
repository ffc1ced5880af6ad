-- A group is a run of settlements that have all but their keys and names in common.
-- As an argument: groups with semicolons between, each `settlements intent amount picks ladder …`: how many they are,
-- count | void, the units, of each limit the offered window it was decided in (0|1, without spaces), and of each
-- counter the place of its ladder (from 1)
local SETTLEMENTS = '^(%d+) (%a+) (%d+) ([01]+)([ %d]+)(;?)()'
-- A name as its record begins: `;<last character of the id> <fingerprint> <attempt>`.
local NAME = '^(;%S )(%S+) (%S+)$'
-- The arguments before the names.
local FIRST_NAME = 4

-- `is_now`: they are counted in the windows of now, so that their counters can be read and written the fast way.
local function read_settlements(size, intent, amount, picked, positions)
  if intent ~= 'count' and intent ~= 'void' then fail('an intent', intent) end
  local group =
    { false, settlements = integer(size), amount = integer(amount), intent = intent, picked = picked }
  group.size, group.is_now = 0, intent == 'count' and group.amount > 0
  local limits = 0
  for position in string.gmatch(positions, '%d+') do
    local ladder = ladders[tonumber(position)]
    if not ladder then fail('a ladder', position) end
    group.size = group.size + 1
    group[group.size] = ladder
    for l = 1, ladder.size do
      limits = limits + 1
      group.is_now = group.is_now and ladder[l].pick == tonumber(string.sub(picked, limits, limits))
    end
  end
  if group.size == 0 or group.settlements == 0 then fail('a group', positions) end
  if #picked ~= limits then fail('picks', picked) end
  return group
end

local function read_all_settlements(text)
  local groups, key_count, name_count, at = {}, 0, 0, 1
  repeat
    local size, intent, amount, picked, positions, mark, rest = string.match(text, SETTLEMENTS, at)
    if not size then fail('a group', string.sub(text, at)) end
    local group = read_settlements(size, intent, amount, picked, positions)
    groups[#groups + 1], at = group, rest
    name_count, key_count = name_count + group.settlements, key_count + group.settlements * (1 + group.size)
  until mark == ''
  if at <= #text then fail('the end of the groups', string.sub(text, at)) end
  if key_count ~= #KEYS then fail('the right number of keys', #KEYS) end
  if name_count ~= #ARGV - FIRST_NAME + 1 then fail('the right number of names', #ARGV - FIRST_NAME + 1) end
  for name = FIRST_NAME, #ARGV do
    if not string.find(ARGV[name], NAME) then fail('a name', ARGV[name]) end
  end
  return groups
end

local groups = read_all_settlements(ARGV[FIRST_NAME - 1] or '')
