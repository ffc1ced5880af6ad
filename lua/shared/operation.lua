-- An operation that was counted is remembered as `<fingerprint> <attempts> <at>`: the attempts whose callers were not
-- told otherwise, joined by commas, and an instant that lies in every window it was counted in. When the last of
-- them is voided it is `!<attempt>`: that one must not count any more, any other may.
local MAX_ATTEMPTS_LENGTH = 1000

local function is_free(record) return not record or string.sub(record, 1, 1) == '!' end

local function record_of(fingerprint, attempts, at) return fingerprint .. ' ' .. attempts .. ' ' .. at end

-- Fingerprint, attempts and instant; nothing of a record that is foreign.
local function read_record(record) return string.match(record, '^(%S+) (%S+) (%-?[0-9a-z]+)$') end

local function has_attempt(attempts, attempt)
  return string.find(',' .. attempts .. ',', ',' .. attempt .. ',', 1, true) ~= nil
end

-- Notes that the caller of one more attempt is told that the operation was counted.
local function add_attempt(key, fingerprint, attempts, attempt, at)
  if has_attempt(attempts, attempt) or #attempts + #attempt > MAX_ATTEMPTS_LENGTH then return end
  redis.call('SET', key, record_of(fingerprint, attempts .. ',' .. attempt, at), 'KEEPTTL')
end

-- The attempts but one; '' when there was no other.
local function without_attempt(attempts, attempt)
  local rest = {}
  for other in string.gmatch(attempts, '[^,]+') do
    if other ~= attempt then rest[#rest + 1] = other end
  end
  return table.concat(rest, ',')
end
