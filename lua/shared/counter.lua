-- A counter is a text of a rule and a subject: of each limit its field, the start of its window
-- (shared/instant.lua), and the units counted in it: `dmwqz1a80=5 hmwrxbjk0=3`. A field is a letter, or a text in
-- parentheses: `(day|tokens)mwqz1a80=1200`.
--
-- Only a counter with holds (shared/holds.lua) has more: `R<start>=<units>` behind a window says how many of its
-- units are held, where the starts are the same, and the text ends with `H<instant>=<holds>`: how many holds are
-- live, and an instant before which none expires. A node that knows no holds keeps both in place and counts held
-- units as used. Likewise `O<instant>=<1|0>` marks a counter that has an override (shared/overrides.lua).
-- @include shared/counter-life.lua
-- @include shared/number.lua
-- @include shared/instant.lua
local WINDOW = '^(%a)(%-?[0-9a-z]+)=(%d+) ?()'
local LONG_WINDOW = '^(%([^ ,;()]+%))(%-?[0-9a-z]+)=(%d+) ?()'

-- The windows of a counter, in their order and by field; nil when the text is no counter.
local function read_windows(text)
  local windows, at, last = { holds = false, override = false }, 1, nil
  repeat
    local pattern = string.byte(text, at) == 40 and LONG_WINDOW or WINDOW
    local field, starts, digits, rest = string.match(text, pattern, at)
    local units = tonumber(digits)
    if not units or units > MAX_INTEGER or #starts > MAX_INSTANT_LENGTH then return nil end
    at = rest
    if field == 'H' then
      windows.holds = { at = instant_of(starts), count = units }
    elseif field == 'O' then
      windows.override = 'O' .. starts .. '=' .. digits
    elseif field ~= 'R' then
      last = { field = field, starts = starts, used = units, reserved = 0 }
      windows[#windows + 1], windows[field] = last, last
    elseif last and last.starts == starts then
      last.reserved = math.min(units, last.used)
    end
  until at > #text
  return windows
end

local function text_of_windows(windows)
  local texts, holds = {}, windows.holds
  for _, window in ipairs(windows) do
    texts[#texts + 1] = window.field .. window.starts .. '=' .. digits_of(window.used)
    if window.reserved > 0 then
      texts[#texts + 1] = 'R' .. window.starts .. '=' .. digits_of(window.reserved)
    end
  end
  if windows.override then texts[#texts + 1] = windows.override end
  if holds then texts[#texts + 1] = 'H' .. text_of_instant(holds.at) .. '=' .. digits_of(holds.count) end
  return table.concat(texts, ' ')
end

-- Sets the units of a limit's window, which replaces an earlier one and what was held in that. Whether it opens it.
local function set_units(windows, field, starts, used)
  local window = windows[field]
  if not window then
    window = { field = field, reserved = 0 }
    windows[#windows + 1], windows[field] = window, window
  end
  local opens = window.starts ~= starts
  if opens then window.reserved = 0 end
  window.starts, window.used = starts, used
  return opens
end
