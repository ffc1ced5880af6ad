-- A group is a run of settlements that have all but their keys and names in common.
-- As an argument: groups with semicolons between, each `settlements intent amount picks ladder …`: how many they are,
-- count | void, the units, of each limit the offered window it was decided in (0|1, without spaces), and of each
-- counter the place of its ladder (from 1)
local SETTLEMENTS = '^(%d+) (%a+) (%d+) ([01]+)([ %d]+)(;?)()'
-- A name as its record begins, and until when it is remembered at least (shared/record.lua):
-- `;<last character of the id> <content> <attempt> <until>`.
local NAME = '^(;%S )(%S+) (%S+) (%-?[0-9a-z]+)$'
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

-- What a name says, and how long it is remembered from now on.
local function read_name(name)
  local head, content, attempt, until_text = string.match(name, NAME)
  if not head then fail('a name', name) end
  local lives = math.max(1, bound(until_text) - now)
  return { head = head, content = content, attempt = attempt, until_text = until_text, lives = lives }
end

-- By their arguments.
local names = {}

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
    names[name] = read_name(ARGV[name])
  end
  return groups
end

local groups = read_all_settlements(ARGV[FIRST_NAME - 1] or '')

-- What is remembered of a settlement's operation: 'broken' when no node wrote it, nil when it is not counted. It is
-- remembered to the later end from now on.
local function recall_settled(page, its)
  local record = page.written[its.head] or page.stored ~= '' and find_stored(page, its.head)
  if not record or is_tombstone(record) then return nil end
  local kept = read_record(record)
  if not kept then return 'broken' end
  if kept.till <= now then return nil end
  if kept.till - now < its.lives then kept.until_text = its.until_text end
  return kept
end
