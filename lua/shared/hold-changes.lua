-- What a script changes in a counter's holds.
-- @include shared/holds.lua
-- @include shared/wrong-type.lua

-- The windows of a counter after its due holds have ended; nil for a wrong-type key.
local function read_counter_with_holds(key, now)
  local stored = redis.pcall('GET', key)
  if is_wrong_type(stored) then return nil end
  local windows = not stored and {} or read_windows(stored)
  if not windows or not windows.holds then return windows end
  if is_wrong_type(redis.pcall('ZCARD', key .. HOLDS)) then return nil end
  end_due_holds(key, windows, now)
  return windows
end

local function member_of(reference, on_expiry, text) return reference .. ' ' .. on_expiry .. ' ' .. text end

-- Adds a hold. What lies beside a counter without holds is left of one that was lost.
local function add_hold(key, windows, member, expires, lives_ms)
  local holds, beside = windows.holds, key .. HOLDS
  if not holds then redis.call('UNLINK', beside) end
  redis.call('ZADD', beside, string.format('%d', expires), member)
  if not holds or redis.call('PTTL', beside) < lives_ms then
    redis.call('PEXPIRE', beside, string.format('%d', lives_ms))
  end
  windows.holds = {
    at = holds and math.min(holds.at, expires) or expires,
    count = (holds and holds.count or 0) + 1,
  }
end

-- Removes a hold. Whether it was there: not when it has expired, or its counter was lost.
local function remove_hold(key, windows, member)
  local holds = windows.holds
  if not holds or redis.call('ZREM', key .. HOLDS, member) == 0 then return false end
  holds.count = holds.count - 1
  return true
end

-- Writes a counter of which a hold has ended. It keeps its TTL.
local function write_ended(key, windows)
  if windows.holds and windows.holds.count <= 0 then clear_reserved(windows) end
  redis.call('SET', key, text_of_windows(windows), 'KEEPTTL')
end

-- Writes a counter whose holds have changed. One with a limit of what is held at once lives as long as they do.
local function write_counter_with_holds(key, windows, limit_set, opens, lives_ms)
  write_counter(key, text_of_windows(windows), limit_set, opens, true)
  if windows[CONCURRENT] and redis.call('PTTL', key) < lives_ms then
    redis.call('PEXPIRE', key, string.format('%d', lives_ms))
  end
end
