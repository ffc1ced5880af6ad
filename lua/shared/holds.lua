-- A hold is what a reservation takes of one counter until it ends. Held units are among those that the counter has
-- counted, and it says how many they are (shared/counter.lua). Only where there are holds, a sorted set lies beside
-- the counter, under its key and `!holds`: the scores are when they expire (ms), a member is `<reference> <r|c>
-- <entries>`: whose it is, whether its expiry releases or commits, and its entries, separated by commas, each
-- `<field><start>=<units>`: the windows it took units from; `-` where there are none.
-- @include shared/counter.lua
-- @include shared/hold-entry-texts.lua
-- @include shared/holds-key.lua
-- @include shared/limit-set.lua
-- @include shared/wrong-type.lua
-- Holds of one counter that one look ends: the others count until the next.
local MAX_DUE = 1000

-- Ends what an entry holds, of which `kept` units stay counted; nothing changes where the counter is in another
-- window.
local function end_entry(windows, entry, kept)
  local window = windows[entry.field]
  if not window or window.starts ~= entry.starts then return end
  local held = math.min(entry.units, window.reserved)
  local used = window.used - held + (entry.field == CONCURRENT and 0 or kept)
  window.reserved = window.reserved - held
  window.used = math.min(math.max(used, window.reserved), MAX_INTEGER)
end

-- Without holds nothing is held.
local function clear_reserved(windows)
  windows.holds = false
  for _, window in ipairs(windows) do
    if window.field == CONCURRENT then window.used = 0 end
    window.reserved = 0
  end
end

-- Notes what the sorted set holds.
local function recount_holds(key, windows)
  local first = redis.call('ZRANGE', key .. HOLDS, 0, 0, 'WITHSCORES')
  if first[1] then
    windows.holds = { at = tonumber(first[2]), count = redis.call('ZCARD', key .. HOLDS) }
  else
    clear_reserved(windows)
  end
end

-- Ends the holds of a counter that are due, each as of when it expired: it makes no difference that it is later now.
-- False where what lies beside the counter is a wrong-type key.
local function end_due_holds(key, windows, now)
  if not windows.holds or windows.holds.at > now then return true end
  local until_now = string.format('%d', now)
  local due = redis.pcall('ZRANGEBYSCORE', key .. HOLDS, '-inf', until_now, 'LIMIT', 0, MAX_DUE)
  if is_wrong_type(due) then return false end
  for _, member in ipairs(due) do
    local on_expiry, entries = string.match(member, '^%S+ ([rc]) (.*)$')
    for _, entry in ipairs(read_entries(entries or '')) do
      end_entry(windows, entry, on_expiry == 'c' and entry.units or 0)
    end
  end
  if #due > 0 then redis.call('ZREM', key .. HOLDS, unpack(due)) end
  recount_holds(key, windows)
  redis.call('SET', key, text_of_windows(windows), 'KEEPTTL')
  return true
end
