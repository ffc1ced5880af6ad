-- What answers say of limits beside window indexes and units, where they do.
-- @include shared/limit-set.lua
-- @include shared/number.lua

-- An answer with how many of the units of each limit are held: `+` before its outcome says so. `held` are the
-- windows of each counter of the group, after `read_slow`; other values are of counters without holds. Where there are
-- overrides, what each limit has of one follows, or `-`: `!` before its outcome says so.
local function with_reserved(answer, shown, group, held, indexes)
  local overrides = indexes.overrides
  indexes.says_more, indexes.overrides = false, nil
  if shown == 0 then return answer end
  local text, at = '+' .. answer, 0
  for c = 1, group.size do
    local limit_set, windows = group[c], type(held[c]) == 'table' and held[c] or {}
    for i = 1, limit_set.size do
      local limit, window = limit_set[i], windows[limit_set[i].field]
      at = at + 1
      local is_in_it = window and window.starts == start_text_of(limit, indexes[at])
      text = text .. ' ' .. digits_of(is_in_it and window.reserved or 0)
    end
  end
  if not overrides then return text end
  for i = 1, shown do
    text = text .. ' ' .. (overrides[i] or '-')
  end
  return '!' .. text
end
