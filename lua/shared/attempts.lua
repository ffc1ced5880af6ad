-- The attempts of an operation, separated by commas: those whose callers may rely on it, and as `!<attempt>` those that
-- were voided. A voided attempt must not count any more, however late it arrives; others may.
local MAX_ATTEMPTS_LENGTH = 1000
-- Stands among them where another reservation had freed the operation's id before: no node makes such an attempt. It
-- outlives what takes the reservation's place, and nodes that do not know it keep it.
local FREED = '!~'

local function has_attempt(attempts, attempt)
  return string.find(',' .. attempts .. ',', ',' .. attempt .. ',', 1, true) ~= nil
end

local function is_voided(attempts, attempt) return has_attempt(attempts, '!' .. attempt) end

-- The attempts and one more, whose caller may rely on the record; a voided one has no caller that does.
local function add_attempt(attempts, attempt)
  if has_attempt(attempts, attempt) or is_voided(attempts, attempt) then return attempts end
  return #attempts + #attempt > MAX_ATTEMPTS_LENGTH and attempts or attempts .. ',' .. attempt
end

-- The attempts without one; '' when there was no other.
local function remove_attempt(attempts, attempt)
  local rest = {}
  for other in string.gmatch(attempts, '[^,]+') do
    if other ~= attempt then rest[#rest + 1] = other end
  end
  return table.concat(rest, ',')
end

-- The attempts, of an operation whose id another reservation had freed before.
local function after_freed(attempts)
  return has_attempt(attempts, FREED) and attempts or attempts .. ',' .. FREED
end

-- The attempts and one more, whose caller was answered that it counts, whatever was settled before.
local function allow_attempt(attempts, attempt)
  return add_attempt(remove_attempt(attempts, '!' .. attempt), attempt)
end

-- The attempts that count; '' when there is none.
local function live_attempts(attempts)
  local live = {}
  for other in string.gmatch(attempts, '[^,]+') do
    if string.byte(other) ~= 33 then live[#live + 1] = other end
  end
  return table.concat(live, ',')
end

-- The attempts, of which this one must not count any more. Where there is no room for it, earlier ones are forgotten.
local function void_among(attempts, attempt)
  local rest = remove_attempt(attempts, attempt)
  if is_voided(rest, attempt) then return rest end
  if #rest + #attempt >= MAX_ATTEMPTS_LENGTH then
    local live = live_attempts(rest)
    rest = not has_attempt(rest, FREED) and live or live == '' and FREED or after_freed(live)
  end
  return (rest == '' and '!' or rest .. ',!') .. attempt
end
