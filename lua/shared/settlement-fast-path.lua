-- The fast path of a settlement: it counts in the windows of now, as nearly all do (shared/counter-fast-path.lua).
-- @include shared/counter-fast-path.lua

-- Reads the counters of a group behind keys[key]. Returns whether each is empty or in the windows of now, and the
-- settlement counts in these; nil where one is a wrong-type key; and the text of the latest start of the windows.
local function read_counters_of_now(keys, key, group, held, indexes, used)
  if not group.is_of_now then return false end
  local limit_count, latest, latest_text = 0, -math.huge, nil
  for c = 1, group.size do
    local what, its_latest, its_text = read_counter(keys[key + c], group[c], limit_count, indexes, used)
    if what == nil then return nil end
    if what ~= true and what ~= false then return false end
    if its_latest > latest then
      latest, latest_text = its_latest, its_text
    end
    held[c], limit_count = what, limit_count + group[c].size
  end
  return true, latest_text
end

-- Of the limits of a group: how many have more used than their max, and of each its position (from 0) and its used.
local function limits_above_max(group, used)
  local index, above, texts = 0, 0, ''
  for c = 1, group.size do
    local limit_set = group[c]
    for l = 1, limit_set.size do
      index = index + 1
      local total = used[index]
      if total > limit_set[l].max then
        above, texts = above + 1, texts .. ' ' .. index - 1 .. ' ' .. digits_of(total)
      end
    end
  end
  return above .. texts
end
