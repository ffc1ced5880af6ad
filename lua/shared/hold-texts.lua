-- What all reserves of a group that take the fast path write and answer alike.
-- @include shared/group-amounts.lua
-- @include shared/limit-set.lua

-- Of each limit, in their order, what stands in its counter's text behind its units; of each counter the entries of its
-- hold; and how many units of each limit are held, as an answer says it. False where the group takes the slow path.
local function hold_texts(group)
  local behind, entries, held, position = {}, {}, '', 0
  if group.amount == 0 then return false end
  for c = 1, group.size do
    local limit_set, text = group[c], ''
    if limit_set.has_mismatch or limit_set.is_own then return false end
    for i = 1, limit_set.size do
      local limit, start_text = limit_set[i], start_text_of(limit_set[i], limit_set[i].index)
      if limit.field == CONCURRENT then return false end
      position = position + 1
      local units = digits_of(amount_at(group, position))
      behind[position] = units == '0' and '' or ' R' .. start_text .. '=' .. units
      text = text .. (i > 1 and ',' or '') .. limit.field .. start_text .. '=' .. units
      held = held .. ' ' .. units
    end
    entries[c] = text
  end
  return { behind = behind, entries = entries, all_entries = table.concat(entries, '/'), held = held }
end
