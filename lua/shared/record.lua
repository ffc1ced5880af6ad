-- A record is `;<last character of the id> <content> <attempts> <at>`. Attempts are those whose callers were not told
-- otherwise, joined by commas; `at` is when it was counted, an instant in every window it was counted in. It is
-- forgotten `remember` after that, however often it is repeated; a settled one has ` <until>` behind it and is
-- forgotten then. When the last attempt is voided it is `;<last character> !<attempt> <until>`: that one must not count
-- any more, others may. Instants are ms to the base 36 (shared/ladders.lua).
local MAX_ATTEMPTS_LENGTH = 1000
-- A hundred years: no clock that ever counted here was so far from this one.
local MAX_DISTANCE = 3155760000000
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

local function text_of_instant(instant)
  local text, rest = '', math.abs(instant)
  repeat
    local digit = rest % 36
    text, rest = string.sub(DIGITS, digit + 1, digit + 1) .. text, (rest - digit) / 36
  until rest == 0
  return instant < 0 and '-' .. text or text
end

-- An instant that a record may hold; nil for anything else.
local function plausible(text)
  if #text > MAX_LENGTH then return nil end
  local instant = instant_of(text)
  return math.abs(instant - now) <= MAX_DISTANCE and instant or nil
end

local function is_tombstone(record) return string.sub(record, 4, 4) == '!' end

-- A record that counted: content, attempts, the instant it was counted at, and until when it is remembered; nil when it
-- is foreign.
local function read_record(record)
  local content, attempts, at_text, until_text =
    string.match(record, '^;%S (%S+) (%S+) (%-?[0-9a-z]+) ?(%-?[0-9a-z]*)$')
  local at = content and plausible(at_text)
  local till = at and (until_text == '' and at + remember_ms or plausible(until_text))
  if not till then return nil end
  return {
    content = content,
    attempts = attempts,
    at = at,
    at_text = at_text,
    till = till,
    until_text = until_text ~= '' and until_text or nil,
  }
end

-- The attempt that must not count, and until when that is remembered; nil of another record.
local function read_tombstone(record)
  local attempt, until_text = string.match(record, '^;%S !(%S+) (%-?[0-9a-z]+)$')
  return attempt, attempt and plausible(until_text) or nil
end

local function record_of(head, content, attempts, at_text, until_text)
  local record = head .. content .. ' ' .. attempts .. ' ' .. at_text
  return until_text and record .. ' ' .. until_text or record
end

-- A record with other attempts, remembered as long as it was.
local function rewritten(head, kept, attempts)
  return record_of(head, kept.content, attempts, kept.at_text, kept.until_text)
end

local function has_attempt(attempts, attempt)
  return string.find(',' .. attempts .. ',', ',' .. attempt .. ',', 1, true) ~= nil
end

-- The attempts and one more, whose caller is told that the operation was counted.
local function with_attempt(attempts, attempt)
  if has_attempt(attempts, attempt) or #attempts + #attempt > MAX_ATTEMPTS_LENGTH then return attempts end
  return attempts .. ',' .. attempt
end

-- The attempts but one; '' when there was no other.
local function without_attempt(attempts, attempt)
  local rest = {}
  for other in string.gmatch(attempts, '[^,]+') do
    if other ~= attempt then rest[#rest + 1] = other end
  end
  return table.concat(rest, ',')
end
