-- A counter is a text of a rule and a subject: of each limit its field, where its window starts (shared/ladders.lua),
-- and the units used in it: `dmwqz1a80=5 hmwrxbjk0=3`.
local WINDOW = '^(%a)(%-?[0-9a-z]+)=(%d+) ?()'
-- Of the largest instant.
local MAX_LENGTH = 12

-- The windows of a counter, in their order and by field; nil when the text is something else.
local function read_windows(text)
  local windows, at = {}, 1
  repeat
    local field, starts, units, rest = string.match(text, WINDOW, at)
    local used = tonumber(units)
    if not used or used > MAX_INTEGER or #starts > MAX_LENGTH then return nil end
    local window = { field = field, starts = starts, used = used }
    windows[#windows + 1], windows[field], at = window, window, rest
  until at > #text
  return windows
end

local function text_of(windows)
  local texts = {}
  for i, window in ipairs(windows) do
    texts[i] = window.field .. window.starts .. '=' .. digits(window.used)
  end
  return table.concat(texts, ' ')
end

-- Puts units into a limit's window, in the place of an earlier one: whether that opened it.
local function put(windows, field, starts, used)
  local window = windows[field]
  if not window then
    window = { field = field }
    windows[#windows + 1], windows[field] = window, window
  end
  local opens = window.starts ~= starts
  window.starts, window.used = starts, used
  return opens
end

-- How much longer than others a counter lives, up to half of the margin: the windows of a time zone end at one instant,
-- and what expires at one instant is a pause of Redis. By its key, so that it is the same whatever writes it.
local function spread_of(key)
  return tonumber(string.sub(redis.sha1hex(key), 1, 8), 16) % math.max(1, math.floor(margin / 2))
end

-- A counter whose life is set goes on living; one that opens a window has all of it before it.
local function write_counter(key, text, ladder, opens)
  if opens then
    redis.call('SET', key, text, 'PX', string.format('%d', ladder.expires_in + spread_of(key)))
  else
    redis.call('SET', key, text, 'KEEPTTL')
  end
end
