-- A record says that an operation was counted: `;<last character of the id> <content> <attempts> <at>`.
-- The attempts are those whose callers may rely on it; `at` is when it was counted, an instant
-- (shared/instant.lua) in every window it was counted in. It is forgotten `remember_ms` after `at`, however often it
-- is repeated; a settled record ends with ` <until>` and is forgotten then. One that took from packs says so behind
-- its content: `!<pack>/<meter>/<units to the base 36>,…` (shared/pack-takes.lua).
--
-- When no attempt is left that counts, a tombstone takes the record's place: `;<last character of the id> <attempts>
-- <until>`, with voided attempts alone (shared/attempts.lua).
--
-- Records that begin with `@` are of other kinds: reservations (shared/reservation-record.lua), and marks, which are
-- `;<last character of the id> @<f|g> <content> <attempts> <until> -`: an operation that was refunded, or a return.
-- @include shared/attempts.lua
-- @include shared/instant.lua
local RECORD = '^;%S (%S+) (%S+) (%-?[0-9a-z]+) ?(%-?[0-9a-z]*)$'
local TOMBSTONE = '^;%S (!%S+) (%-?[0-9a-z]+)$'
local MARK = '^;%S @([fg]) (%S+) (%S+) (%-?[0-9a-z]+) %-$'

local function is_tombstone(record) return string.byte(record, 4) == 33 end

local function is_of_other_kind(record) return string.byte(record, 4) == 64 end

-- An operation that was refunded, or a return; nil for another record.
local function read_mark(record, now)
  local kind, content, attempts, until_text = string.match(record, MARK)
  local ends = kind and plausible_instant(until_text, now)
  return ends and { kind = kind, content = content, attempts = attempts, ends = ends } or nil
end

local function text_of_mark(kind, prefix, content, attempts, until_text)
  return prefix .. '@' .. kind .. ' ' .. content .. ' ' .. attempts .. ' ' .. until_text .. ' -'
end

-- A counted operation: content, attempts, the instant it was counted at, and until when it is remembered; nil when
-- no node wrote the record.
local function read_record(record, now, remember_ms)
  local content, attempts, at_text, until_text = string.match(record, RECORD)
  local at = content and plausible_instant(at_text, now)
  local ends = at and (until_text == '' and at + remember_ms or plausible_instant(until_text, now))
  if not ends then return nil end
  local bare, packs = string.match(content, '^([^!]+)!(.+)$')
  return {
    content = bare or content,
    packs = packs,
    attempts = attempts,
    at = at,
    at_text = at_text,
    ends = ends,
    until_text = until_text ~= '' and until_text or nil,
  }
end

-- The voided attempts, and until when they are remembered, an instant and its text; nil for another record.
local function read_tombstone(record, now)
  local voided, until_text = string.match(record, TOMBSTONE)
  return voided, voided and plausible_instant(until_text, now) or nil, until_text
end

local function text_of_record(prefix, content, attempts, at_text, until_text)
  local record = prefix .. content .. ' ' .. attempts .. ' ' .. at_text
  return until_text and record .. ' ' .. until_text or record
end

-- A record with other attempts, remembered as long as it was.
local function with_attempts(prefix, record, attempts)
  local content = record.packs and record.content .. '!' .. record.packs or record.content
  return text_of_record(prefix, content, attempts, record.at_text, record.until_text)
end
