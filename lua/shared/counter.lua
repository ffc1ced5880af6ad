-- A counter is one hash of a rule and a subject: `<field>@` of each limit is its window's start, `<field>` the
-- units used in it. What is read of a check's counters goes to these lists, an entry a limit.
local picks, used, current = {}, {}, {}

-- Reads where a counter's limits stand, from entry `first` on: the latest start of their windows, or nil when its
-- key holds something else. A window never goes back: when the clock was set back over a boundary, the later one
-- stays.
local function look(key, ladder, first)
  local stored, latest = redis.pcall('HMGET', key, unpack(ladder.fields)), ladder.latest
  if stored.err then return nil end
  for i = 1, ladder.size do
    local at, starts, pick = first + i - 1, stored[2 * i - 1], ladder[i].pick
    if pick == 0 and starts == ladder.starts[i][1] then
      pick, latest = 1, math.max(latest, ladder[i].ends[0])
    end
    picks[at], current[at] = pick, starts == ladder.starts[i][pick]
    used[at] = current[at] and tonumber(stored[2 * i]) or 0
  end
  return latest
end

local function has_room(ladder, first, amount)
  for i = 1, ladder.size do
    if used[first + i - 1] + amount > ladder[i].max then return false end
  end
  return true
end

-- Adds to the windows that `look` found.
local function count(key, ladder, first, amount)
  local values, size, fresh = {}, 0, false
  for i = 1, ladder.size do
    local at = first + i - 1
    used[at] = math.min(used[at] + amount, MAX_INTEGER)
    if not current[at] then
      values[size + 1], values[size + 2] = ladder.fields[2 * i - 1], ladder.starts[i][picks[at]]
      size, fresh = size + 2, true
    end
    values[size + 1], values[size + 2] = ladder.fields[2 * i], used[at]
    size = size + 2
  end
  redis.call('HSET', key, unpack(values))
  if fresh then redis.call('PEXPIRE', key, ladder.expires_in) end
end
