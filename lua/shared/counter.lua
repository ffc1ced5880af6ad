-- A counter is one hash of a rule and a subject: `<field>@` of each limit is its window's start, `<field>` the
-- units used in it. What is read of a check's counters goes to these lists, an entry a limit.
local picks, used, current = {}, {}, {}

-- Reads where a counter's limits stand, into the entries behind `before`: the latest start of their windows, or nil
-- when its key holds something else. A window never goes back: when the clock was set back over a boundary, the
-- later one stays.
local function look(key, ladder, before)
  local stored, latest = redis.pcall('HMGET', key, unpack(ladder.fields)), ladder.latest
  if is_foreign(stored) then return nil end
  for i = 1, ladder.size do
    local at, starts, pick, texts = before + i, stored[2 * i - 1], ladder[i].pick, ladder.starts[i]
    if pick == 0 and starts == texts[1] then
      pick, latest = 1, math.max(latest, ladder[i].ends[0])
    end
    local is_current = starts == texts[pick]
    if is_current and not is_count(stored[2 * i]) then return nil end
    picks[at], current[at] = pick, is_current
    used[at] = is_current and tonumber(stored[2 * i]) or 0
  end
  return latest
end

local function has_room(ladder, before, amount)
  for i = 1, ladder.size do
    if used[before + i] + amount > ladder[i].max then return false end
  end
  return true
end

-- Adds to the windows that `look` found.
local function count(key, ladder, before, amount)
  local fresh = false
  for i = 1, ladder.size do
    local at = before + i
    local units = math.min(amount, MAX_INTEGER - used[at])
    used[at] = used[at] + units
    if current[at] then
      redis.call('HINCRBY', key, ladder.fields[2 * i], digits(units))
    else
      fresh = true
      redis.call(
        'HSET',
        key,
        ladder.fields[2 * i - 1],
        ladder.starts[i][picks[at]],
        ladder.fields[2 * i],
        digits(units)
      )
    end
  end
  if fresh then redis.call('PEXPIRE', key, ladder.expires_in) end
end
