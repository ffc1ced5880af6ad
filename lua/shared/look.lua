-- Nearly all counters are in the same windows, those of now: their texts differ in the units only, and are read by one
-- pattern and written with one list of heads. Others are looked at closely (shared/closely.lua).

-- Most counts are small, and met many times in a call; reading a number costs as much as a look-up of its counter.
local numbers = { ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3 }
local function number_of(units)
  local known = numbers[units]
  if not known then
    known = tonumber(units)
    numbers[units] = known
  end
  return known
end

-- Prepares a ladder for both, and finds the latest start of the windows of now.
local function expect_now(ladder)
  local heads = { '', '' }
  for i = 1, ladder.size do
    local limit = ladder[i]
    heads[i] = (i > 1 and ' ' or '') .. limit.field .. start_text_of(limit, limit.pick) .. '='
    if i == 1 or start_of(limit, limit.pick) > ladder.latest then
      ladder.latest, ladder.latest_text = start_of(limit, limit.pick), start_text_of(limit, limit.pick)
    end
  end
  ladder.heads = heads
  ladder.pattern = '^' .. string.gsub(table.concat(heads, '(%d+)', 1, ladder.size), '%-', '%%-') .. '(%d+)$'
end

-- Reads where a counter's limits stand, into the entries behind `before`. What stands there: false for nothing, true
-- for what is expected, or its windows; nil for something else. And the latest start of them.
local function look(key, ladder, before)
  local stored = redis.pcall('GET', key)
  if not stored then
    for i = 1, ladder.size do
      picks[before + i], used[before + i] = ladder[i].pick, 0
    end
    return false, ladder.latest, ladder.latest_text
  end
  if is_foreign(stored) then return nil end
  local units = { string.match(stored, ladder.pattern) }
  if not units[1] then
    local windows = read_windows(stored)
    if not windows then return nil end
    return windows, look_closely(windows, ladder, before)
  end
  for i = 1, ladder.size do
    local count = number_of(units[i])
    if count > MAX_INTEGER then return nil end
    picks[before + i], used[before + i] = ladder[i].pick, count
  end
  return true, ladder.latest, ladder.latest_text
end

local function has_room(ladder, before, amount)
  for i = 1, ladder.size do
    if used[before + i] + amount > ladder[i].max then return false end
  end
  return true
end

-- Adds to the windows of now, in the counter's text.
local function count_now(ladder, before, amount)
  local text, heads = '', ladder.heads
  for i = 1, ladder.size do
    local total = used[before + i] + amount
    if total > MAX_INTEGER then total = MAX_INTEGER end
    used[before + i] = total
    text = text .. heads[i] .. digits(total)
  end
  return text
end

-- Adds to the windows that `look` found.
local function count(key, ladder, before, amount, found)
  if found == true or not found then
    write_counter(key, count_now(ladder, before, amount), ladder, not found)
  else
    local text, opens = count_closely(found, ladder, before, amount)
    write_counter(key, text, ladder, opens)
  end
end
