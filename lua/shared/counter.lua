-- A counter is one hash of a rule and a subject: `<field>@` of each limit is its window's start, `<field>` the
-- units used in it.

-- Reads where the counter's limits stand; false when its key holds something else. A window never goes back:
-- when the clock was set back over a boundary, the later window stays the current one.
local function look(counter)
  local stored = redis.pcall('HMGET', counter.key, unpack(counter.ladder.fields))
  if stored.err then return false end
  for i, limit in ipairs(counter.ladder.limits) do
    local starts, pick = tonumber(stored[2 * i - 1]), limit.pick
    if starts == limit.bounds[2] then pick = 1 end
    local current = starts == limit.bounds[pick + 1]
    counter[i] = { pick = pick, used = current and tonumber(stored[2 * i]) or 0, current = current }
  end
  return true
end

-- Adds to the windows that `look` found, and says which they were, as digits.
local function count(counter, amount)
  local values, fresh, picks = {}, false, ''
  for i, limit in ipairs(counter.ladder.limits) do
    local state = counter[i]
    state.used, fresh = math.min(state.used + amount, MAX_INTEGER), fresh or not state.current
    values[4 * i - 3], values[4 * i - 2] = limit.field .. '@', limit.bounds[state.pick + 1]
    values[4 * i - 1], values[4 * i] = limit.field, state.used
    picks = picks .. state.pick
  end
  redis.call('HSET', counter.key, unpack(values))
  if fresh then redis.call('PEXPIRE', counter.key, counter.ladder.expires_in) end
  return picks
end
