-- Counters of a settlement that is not simply one of now: read and written window by window, in exactly the windows
-- that it was decided in or counted in.

-- The counters behind KEYS[key]; nil when one of them holds something else.
local function read_closely(group, key)
  local counters = {}
  for c = 1, group.size do
    local stored = redis.pcall('GET', KEYS[key + c])
    local windows = not is_foreign(stored) and (stored and read_windows(stored) or not stored and {})
    if not windows then return nil end
    counters[c] = { key = KEYS[key + c], ladder = group[c], windows = windows }
  end
  return counters
end

-- Adds to a limit's picked window when that is not over, and is the counter's current one or can become it: a later
-- window is never touched, an earlier one is replaced. Its units now, and whether that opened it.
local function add_to(limit, pick, windows, units)
  if not pick then return nil end
  local window, starts = windows[limit.field], start_text_of(limit, pick)
  local is_current = window and window.starts == starts
  local opens = units > 0 and not (window and instant_of(window.starts) > start_of(limit, pick))
  if now >= (pick == 0 and limit.next or limit.after) or not (is_current or opens) then return nil end
  local total = math.min(math.max((is_current and window.used or 0) + units, 0), MAX_INTEGER)
  return total, put(windows, limit.field, starts, total)
end

-- Adds to every limit in the window that `pick_of` says. How many limits it was, the latest start of their windows, how
-- many limits are above their max by that, and of each its place and its used.
local function add_closely(counters, units, pick_of)
  local touched, index, latest, latest_text, above, forced = 0, 0, -math.huge, '', 0, ''
  for _, counter in ipairs(counters) do
    local opened, changed = false, false
    for l = 1, counter.ladder.size do
      local limit = counter.ladder[l]
      index = index + 1
      local pick = pick_of(limit, index)
      if pick and start_of(limit, pick) > latest then
        latest, latest_text = start_of(limit, pick), start_text_of(limit, pick)
      end
      local total, opens = add_to(limit, pick, counter.windows, units)
      if total then
        touched, changed, opened = touched + 1, true, opened or opens
        if units > 0 and total > limit.max then
          above, forced = above + 1, forced .. ' ' .. index - 1 .. ' ' .. digits(total)
        end
      end
    end
    if changed then write_counter(counter.key, text_of(counter.windows), counter.ladder, opened) end
  end
  return touched, latest_text, above .. forced
end
