-- The record of an operation that holds what it took, or held it until it ended, in words separated by spaces:
-- `;<last character of the id>`; `@<h|c|r><r|c><l|-><f|->`: held, committed or released, what its expiry does,
-- whether it was committed late, whether it was refunded; content and attempts, as of any operation; the reference
-- of its holds; when it was taken, when it expires, until when it is remembered (shared/instant.lua); what it held
-- and what was committed (shared/meters.lua, `-` for nothing); and of each counter its entries (shared/holds.lua),
-- joined by `/`.
--
-- One that is held and has come to its expiry has expired, whatever has looked at its counters since.
-- @include shared/instant.lua
-- @include shared/operation-record.lua
local RESERVATION = '^(;%S )@([hcr])([rc])([l%-])([f%-]) (%S+) (%S+) (%S+) (%-?[0-9a-z]+) (%-?[0-9a-z]+) '
  .. '(%-?[0-9a-z]+) (%S+) (%S+) (%S+)$'

-- What a record holds, in order. The first five are joined.
local FIRST_WORD = 6
local WORDS = {
  'prefix',
  'state',
  'on_expiry',
  'late',
  'refunded',
  'content',
  'attempts',
  'reference',
  'at_text',
  'expires_text',
  'until_text',
  'held',
  'committed',
  'windows',
}

-- Nil when no node wrote the record.
local function read_reservation(record, now)
  local r, words = {}, { string.match(record, RESERVATION) }
  if not words[1] then return nil end
  for i, name in ipairs(WORDS) do
    r[name] = words[i]
  end
  r.at, r.expires = plausible_instant(r.at_text, now), plausible_instant(r.expires_text, now)
  r.ends = plausible_instant(r.until_text, now)
  return r.at and r.expires and r.ends and r or nil
end

local function text_of_reservation(r)
  local letters = r.prefix .. '@' .. r.state .. r.on_expiry .. r.late .. r.refunded
  local words = { letters }
  for i = FIRST_WORD, #WORDS do
    words[#words + 1] = r[WORDS[i]]
  end
  return table.concat(words, ' ')
end

local function has_expired(r, now) return r.state == 'h' and r.expires <= now end

-- Whether its units are back and its operation id may be used for another operation.
local function is_free(r, now) return r.state == 'r' or has_expired(r, now) and r.on_expiry == 'r' end

-- As an answer says it: state (`e`: expired), what its expiry does and whether it was late in one word; when it was
-- taken, when it expires, until when it is remembered; what it held, and what was committed.
local function words_of_reservation(r, now)
  local state = (has_expired(r, now) and 'e' or r.state) .. r.on_expiry .. r.late
  return table.concat({ '', state, r.at_text, r.expires_text, r.until_text, r.held, r.committed }, ' ')
end

-- Why a check or a return can't have the operation id of such a record; nil where it can.
local function standing_of(record, now)
  local mark, r = read_mark(record, now), nil
  if not mark then r = read_reservation(record, now) end
  if not mark and not r then return 'wrong-type' end
  if (mark or r).ends <= now then return nil end
  if mark then return mark.kind == 'f' and 'refunded' or 'conflict' end
  if r.refunded == 'f' then return 'refunded' end
  return not is_free(r, now) and 'conflict' or nil
end
