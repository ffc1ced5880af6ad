-- How an extension is taken back.
-- @include shared/hold-end.lua
-- @include shared/instant.lua
local UNDO = '^(;%S )(%d+) (%-?[0-9a-z]*) (%S+) (%-?[0-9a-z]+) (%S+) (%-?[0-9a-z]+) (%S+)$'

-- From argument `first` on; a call that has other keys than they need is refused.
local function read_undos(argv, first, key_count)
  local undos, keys = {}, 0
  for i = first, #argv do
    local words = { string.match(argv[i], UNDO) }
    if not words[1] then fail('what an extension was', argv[i]) end
    local undo = { prefix = words[1], counters = integer(words[2]) }
    undo.at_text = instant_or_none(words[3])
    undo.held_now, undo.expires_now_text = words[4], words[5]
    undo.expires_text, undo.windows = words[7], words[8]
    undo.held, undo.packs = string.match(words[6], '^([^!]+)!?(.*)$')
    undo.expires, undo.texts = instant_argument(words[7]), {}
    instant_argument(words[5])
    for text in string.gmatch(undo.windows, '[^/]+') do
      undo.texts[#undo.texts + 1] = text
    end
    if #undo.texts ~= undo.counters then fail('the entries of each counter', undo.windows) end
    undos[#undos + 1], keys = undo, keys + 1 + undo.counters
  end
  if #undos == 0 then fail('what an extension was', nil) end
  if keys ~= key_count then fail('the right number of keys', key_count) end
  return undos
end

-- Whether the extension was the last that became of the reservation.
local function is_as_extended(r, undo, now)
  local is_held = r.state == 'h' and not has_expired(r, now)
  return is_held and held_word(r) == undo.held_now and r.expires_text == undo.expires_now_text
end

local function units_of_entry(entries, like)
  for _, entry in ipairs(entries) do
    if entry.field == like.field and entry.starts == like.starts then return entry.units end
  end
  return 0
end

local function take_back_extension(counters, undo, r, now, lives_ms)
  if r.packs then held_packs().change(counters, r, held_packs().parts_of(undo.packs), undo.expires, now) end
  for c, counter in ipairs(counters) do
    local windows, before = counter.windows, read_entries(undo.texts[c])
    if remove_hold(counter.key, windows, member_of(r.reference, r.on_expiry, counter.text)) then
      for _, entry in ipairs(counter.entries) do
        local added = entry.units - units_of_entry(before, entry)
        end_entry(windows, { field = entry.field, starts = entry.starts, units = added }, 0)
      end
      add_hold(
        counter.key,
        windows,
        member_of(r.reference, r.on_expiry, undo.texts[c]),
        undo.expires,
        lives_ms
      )
      write_ended(counter.key, windows)
    end
  end
end
