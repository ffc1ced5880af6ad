-- How a reservation ends: what that makes of its counters and of its record.
-- @include shared/committed-entries.lua
-- @include shared/hold-changes.lua
-- @include shared/meters.lua
-- @when-needed held_packs shared/held-packs.lua
-- @include shared/reservation-record.lua

-- The counters of a reservation behind keys[key], each with its entries in the record; nil and an outcome where a
-- key is a wrong-type key, or they are not as many as it was taken from.
local function read_held_counters(keys, key, count, reservation, now)
  local counters = {}
  for text in string.gmatch(reservation.windows, '[^/]+') do
    counters[#counters + 1] = { key = keys[key + #counters + 1], text = text, entries = read_entries(text) }
  end
  if #counters ~= count then return nil, 'not-found' end
  for _, counter in ipairs(counters) do
    counter.windows = read_counter_with_holds(counter.key, now)
    if not counter.windows then return nil, 'wrong-type' end
  end
  return counters
end

-- Adds to the window of an entry, if the counter is still in it; with a negative number it takes back.
local function add_to_entry(windows, entry, units)
  local window = windows[entry.field]
  if not window or window.starts ~= entry.starts or entry.field == CONCURRENT then return end
  window.used = math.min(math.max(window.used + units, window.reserved), MAX_INTEGER)
end

-- Ends a reservation's hold on a counter, of which the entries `ended` stay counted. Where the hold has expired
-- already, only the difference to what its expiry left is counted.
local function end_counter(counter, reservation, ended)
  local windows, r = counter.windows, reservation
  local is_live = r.state == 'h'
    and remove_hold(counter.key, windows, member_of(r.reference, r.on_expiry, counter.text))
  for i, entry in ipairs(counter.entries) do
    if is_live then
      end_entry(windows, entry, ended[i].units)
    else
      local left = (r.state == 'c' or r.state == 'h' and r.on_expiry == 'c') and entry.units or 0
      add_to_entry(windows, entry, ended[i].units - left)
    end
  end
  if windows[1] then write_ended(counter.key, windows) end
end

-- Ends a reservation in all of its counters: with the meters that are committed, or released without them.
local function end_reservation(counters, reservation, meters, now)
  local committed, texts = meters and text_of_meters(meters) or '-', {}
  local has_parts = reservation.packs or reservation.drawn
  local in_windows = has_parts and held_packs().end_parts(counters, reservation, meters, now) or meters
  for c, counter in ipairs(counters) do
    local is_as_held = committed == reservation.held and are_whole(counter.entries, in_windows)
    local ended = is_as_held and counter.entries or committed_entries(counter.entries, in_windows or {})
    end_counter(counter, reservation, ended)
    texts[c] = is_as_held and counter.text or text_of_entries(ended)
    counter.entries, counter.text = ended, texts[c]
  end
  reservation.state, reservation.committed = meters and 'c' or 'r', committed
  reservation.windows = table.concat(texts, '/')
end
