-- What a group of checks or settlements takes of each limit. As an argument it is one number where every limit takes
-- the same, as nearly all do; else a list with one for each limit of the group's counters, in their order, each
-- followed by a comma: `5,0,1200,`.
-- @include shared/counter-fast-path.lua
-- @include shared/number.lua

-- Adds to every counter of a check or settlement what a list says, and then nothing to all of them: that writes them.
local function add_each_to_counters(keys, key, group, amounts, held, indexes, used)
  for at, amount in ipairs(amounts) do
    used[at] = used[at] + amount
  end
  add_to_counters(keys, key, group, 0, held, indexes, used)
end

-- Whether every limit has room for what a list says; a limit that takes nothing has.
local function has_room_for_each(limit_set, before, amounts, used)
  for i = 1, limit_set.size do
    local amount = amounts[before + i]
    if amount > 0 and used[before + i] + amount > limit_set[i].max then return false end
  end
  return true
end

-- Gives a group its `amount`, a number or a list, and the functions that decide (`fits`) and count (`add`) with it;
-- `first` is the text up to a comma, and `more` the rest.
local function read_amounts(group, first, more, limit_count)
  if more == '' then
    group.amount, group.fits, group.add = integer(first), has_room, add_to_counters
    return
  end
  local text, amounts, at = first .. more, {}, 1
  repeat
    local amount, rest = string.match(text, '^(%d+),()', at)
    if not amount then fail('a list of amounts', text) end
    amounts[#amounts + 1], at = integer(amount), rest
  until at > #text
  if #amounts ~= limit_count then fail('an amount for each limit', text) end
  group.amount, group.fits, group.add = amounts, has_room_for_each, add_each_to_counters
end

-- What the limit at a position among those of the group takes.
local function amount_at(group, position)
  local amount = group.amount
  if type(amount) == 'table' then return amount[position] or 0 end
  return amount
end
