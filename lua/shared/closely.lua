-- Counters that are not in the windows of now, a few at the boundary of a window or of a rule that was edited: they are
-- read and written window by window.

-- What a check's counters say, an entry a limit: which offered window, and the units used in it.
local picks, used = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }

-- When the clock was set back over the boundary between the two that are offered, the later one stays.
local function look_closely(windows, ladder, before)
  local latest, latest_text = ladder.latest, ladder.latest_text
  for i = 1, ladder.size do
    local limit, at = ladder[i], before + i
    local window, pick = windows[limit.field], limit.pick
    if window and window.starts == limit.next_text then
      pick = 1
      if limit.next > latest then
        latest, latest_text = limit.next, limit.next_text
      end
    end
    picks[at] = pick
    used[at] = window and window.starts == start_text_of(limit, pick) and window.used or 0
  end
  return latest, latest_text
end

-- Adds to the windows that were found; and whether that opened one of them.
local function count_closely(windows, ladder, before, amount)
  local opens = false
  for i = 1, ladder.size do
    local limit, at = ladder[i], before + i
    used[at] = math.min(used[at] + amount, MAX_INTEGER)
    opens = put(windows, limit.field, start_text_of(limit, picks[at]), used[at]) or opens
  end
  return text_of(windows), opens
end
