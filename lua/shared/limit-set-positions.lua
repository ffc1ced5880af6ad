-- Which limit sets a group has, one for each of its counters.
-- @include shared/number.lua
-- Of a counter whose rule is gone.
local NO_LIMITS = { size = 0 }

-- Gives a group the limit sets at `positions`, counted from 1; `none` stands for position 0, where that is allowed.
-- Returns how many limits they have.
local function add_limit_sets(group, positions, limit_sets, none)
  local limit_count = 0
  for position in string.gmatch(positions, '%d+') do
    local limit_set = position == '0' and none or limit_sets[tonumber(position)]
    if not limit_set then fail('a limit set', position) end
    group.size = group.size + 1
    group[group.size] = limit_set
    limit_count = limit_count + limit_set.size
  end
  return limit_count
end
