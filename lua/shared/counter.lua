-- A counter is a text of a rule and a subject: of each limit its field, the start of its window
-- (shared/instant.lua), and the units used in it: `dmwqz1a80=5 hmwrxbjk0=3`. A field is a letter, or a text in
-- parentheses: `(day|tokens)mwqz1a80=1200`.
-- @include shared/number.lua
-- @include shared/instant.lua
local WINDOW = '^(%a)(%-?[0-9a-z]+)=(%d+) ?()'
local LONG_WINDOW = '^(%([^ ,;()]+%))(%-?[0-9a-z]+)=(%d+) ?()'

-- The windows of a counter, in their order and by field; nil when the text is no counter.
local function read_windows(text)
  local windows, at = {}, 1
  repeat
    local pattern = string.byte(text, at) == 40 and LONG_WINDOW or WINDOW
    local field, starts, units, rest = string.match(text, pattern, at)
    local used = tonumber(units)
    if not used or used > MAX_INTEGER or #starts > MAX_INSTANT_LENGTH then return nil end
    local window = { field = field, starts = starts, used = used }
    windows[#windows + 1], windows[field], at = window, window, rest
  until at > #text
  return windows
end

local function text_of_windows(windows)
  local texts = {}
  for i, window in ipairs(windows) do
    texts[i] = window.field .. window.starts .. '=' .. digits_of(window.used)
  end
  return table.concat(texts, ' ')
end

-- Sets the units of a limit's window, which replaces an earlier one. Whether it opens that window.
local function set_units(windows, field, starts, used)
  local window = windows[field]
  if not window then
    window = { field = field }
    windows[#windows + 1], windows[field] = window, window
  end
  local opens = window.starts ~= starts
  window.starts, window.used = starts, used
  return opens
end

-- How much later than others a counter expires, up to half of the margin: the windows of a time zone end at one
-- instant, and Redis pauses where many keys expire at one instant. It is derived from the key: equal in every script.
local function spread_of(key, margin_ms)
  return tonumber(string.sub(redis.sha1hex(key), 1, 8), 16) % math.max(1, math.floor(margin_ms / 2))
end

-- Keeps the TTL unless a window opens.
local function write_counter(key, text, limit_set, opens)
  if opens then
    local ttl_ms = limit_set.expires_in_ms + spread_of(key, limit_set.margin_ms)
    redis.call('SET', key, text, 'PX', string.format('%d', ttl_ms))
  else
    redis.call('SET', key, text, 'KEEPTTL')
  end
end
