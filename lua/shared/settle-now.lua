-- The counters of a settlement that is one of now, as nearly all are: read and written the fast way (shared/look.lua).

local found = { false, false }

-- Whether each counter is empty or in the windows of now, and these are the settlement's; nil when one holds something
-- else. And the latest start of these windows.
local function look_now(group, key)
  if not group.is_now then return false end
  local limit_count, latest, at = 0, -math.huge, nil
  for c = 1, group.size do
    local what, its_latest, its_at = look(KEYS[key + c], group[c], limit_count)
    if what == nil then return nil end
    if what ~= true and what ~= false then return false end
    if its_latest > latest then
      latest, at = its_latest, its_at
    end
    found[c], limit_count = what, limit_count + group[c].size
  end
  return true, at
end

-- Adds to what `look_now` found. How many limits are above their max by that, and of each its place and its used.
local function add_now(group, key)
  local before, above, forced = 0, 0, ''
  for c = 1, group.size do
    local ladder = group[c]
    count(KEYS[key + c], ladder, before, group.amount, found[c])
    for l = 1, ladder.size do
      if used[before + l] > ladder[l].max then
        above, forced = above + 1, forced .. ' ' .. before + l - 1 .. ' ' .. digits(used[before + l])
      end
    end
    before = before + ladder.size
  end
  return above .. forced
end
