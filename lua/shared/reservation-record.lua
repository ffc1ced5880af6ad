-- The record of an operation that holds what it took, or held it until it ended, in words separated by spaces:
-- `;<last character of the id>`; `@<h|c|r><r|c><l|-><f|->`: held, committed or released, what its expiry does,
-- whether it was committed late, whether it was refunded; content and attempts, as of any operation; the reference
-- of its holds; when it was taken, when it expires, until when it is remembered (shared/instant.lua); what it held
-- and what was committed (shared/meters.lua, `-` for nothing); and of each counter its entries (shared/holds.lua),
-- joined by `/`. Behind what it held stands `!` and what of that it has of packs (shared/pack-parts.lua).
--
-- One that is held and has come to its expiry has expired, whatever has looked at its counters since.
-- @include shared/instant.lua
-- @include shared/operation-record.lua
local RESERVATION = '^(;%S )@([hcr])([rc])([l%-])([f%-]) (%S+) (%S+) (%S+) (%-?[0-9a-z]+) (%-?[0-9a-z]+) '
  .. '(%-?[0-9a-z]+) (%S+) (%S+) (%S+)$'

-- Nil when no node wrote the record. A table constructor with all of its fields allocates once.
local function read_reservation(record, now)
  local words = { string.match(record, RESERVATION) }
  if not words[1] then return nil end
  local at, expires = plausible_instant(words[9], now), plausible_instant(words[10], now)
  local ends = plausible_instant(words[11], now)
  if not at or not expires or not ends then return nil end
  local held, packs = words[12], nil
  if string.find(held, '!', 1, true) then
    held, packs = string.match(held, '^([^!]+)!(.+)$')
  end
  return {
    prefix = words[1],
    state = words[2],
    on_expiry = words[3],
    late = words[4],
    refunded = words[5],
    content = words[6],
    attempts = words[7],
    reference = words[8],
    at_text = words[9],
    at = at,
    expires_text = words[10],
    expires = expires,
    until_text = words[11],
    ends = ends,
    held = held,
    packs = packs,
    committed = words[13],
    windows = words[14],
  }
end

local function held_word(r) return r.packs and r.held .. '!' .. r.packs or r.held end

-- In one expression: Lua joins all of its parts at once.
local function text_of_reservation(r)
  local letters = r.prefix .. '@' .. r.state .. r.on_expiry .. r.late .. r.refunded
  local who = r.content .. ' ' .. r.attempts .. ' ' .. r.reference
  local times = r.at_text .. ' ' .. r.expires_text .. ' ' .. r.until_text
  local what = held_word(r) .. ' ' .. r.committed .. ' ' .. r.windows
  return letters .. ' ' .. who .. ' ' .. times .. ' ' .. what
end

local function has_expired(r, now) return r.state == 'h' and r.expires <= now end

-- Whether its units are back and its operation id may be used for another operation.
local function is_free(r, now) return r.state == 'r' or has_expired(r, now) and r.on_expiry == 'r' end

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
