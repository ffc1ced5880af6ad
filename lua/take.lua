-- Takes units from every counter of a check, or from none of them.
--
-- Many checks travel in one call, each decided on its own and in order: one script a turn of the caller's
-- event loop costs a fraction of one script a check.
--
-- KEYS    of each check: its operation, then its counters
-- ARGV    the common ones (shared/arguments.lua), then how many ladders, each ladder (shared/ladders.lua), how many
--         checks, of each check: deadline (store clock, ms; when it starts later, it writes nothing), amount, name
--         ('fingerprint attempt'), how many counters, of each: its ladder (from 1)
-- Returns format, now (ms), then of each check its outcome: taken | refused | replayed, followed by pick (which
--         offered window: 0|1) and used of each limit; conflict | expired | moved | broken, followed by nothing
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/counter.lua
-- @include shared/operation.lua
local ladders, checks, key_count = {}, {}, 0
for i = 1, integer() do
  ladders[i] = read_ladder()
end
for i = 1, integer() do
  local check =
    { deadline = integer(), amount = integer(), name = word(), size = integer(), keys = key_count + 1 }
  for c = 1, check.size do
    check[c] = member(ladders)
    check.moved = check.moved or check[c].moved
  end
  key_count = key_count + 1 + check.size
  checks[i] = check
end
if not finished() or key_count ~= #KEYS then error('SUNDIAL wrong number of arguments') end

-- What the operation id says, if it is taken: nil when it is free after all.
local function recall(check)
  local record = redis.pcall('GET', KEYS[check.keys])
  if type(record) == 'table' then return 'broken' end
  local fingerprint, attempt = string.match(check.name, '^(%S+) (%S+)$')
  if record == '!' .. attempt then return 'expired' end
  if is_free(record) then return nil end
  local recorded_fingerprint, attempts, at = read_record(record)
  if recorded_fingerprint ~= fingerprint then return 'conflict' end
  add_attempt(KEYS[check.keys], fingerprint, attempts, attempt, at)
  return 'replayed'
end

-- Writes the operation down: nil, or what stands against it.
local function claim(check, at)
  local record = check.name .. string.format(' %.0f', at)
  if redis.call('SET', KEYS[check.keys], record, 'NX', 'PX', remember) then return nil end
  local against = recall(check)
  if not against then redis.call('SET', KEYS[check.keys], record, 'PX', remember) end
  return against
end

-- The outcome, and how many limits were looked at.
local function decide(check)
  if now > check.deadline then return 'expired', 0 end
  if check.moved then return 'moved', 0 end
  local limit_count, room, at = 0, true, -math.huge
  for c = 1, check.size do
    local latest = look(KEYS[check.keys + c], check[c], limit_count + 1)
    if not latest then return 'broken', 0 end
    at = math.max(at, latest)
    room = room and has_room(check[c], limit_count + 1, check.amount)
    limit_count = limit_count + check[c].size
  end
  if check.amount == 0 then return room and 'taken' or 'refused', limit_count end
  if not room then return recall(check) or 'refused', limit_count end
  local against = claim(check, at)
  if against then return against, limit_count end
  local first = 1
  for c = 1, check.size do
    count(KEYS[check.keys + c], check[c], first, check.amount)
    first = first + check[c].size
  end
  return 'taken', limit_count
end

-- ioredis 6 adds to a reply's digits before it takes away: what is above 2^53 - 51 goes out as a text.
local function exact(units) return units < 9e15 and units or string.format('%.0f', units) end

local SHOWS_LIMITS = { taken = true, refused = true, replayed = true }
local reply, size = { FORMAT, now }, 2
for i = 1, #checks do
  local outcome, limit_count = decide(checks[i])
  size = size + 1
  reply[size] = outcome
  for at = 1, SHOWS_LIMITS[outcome] and limit_count or 0 do
    reply[size + 1], reply[size + 2] = picks[at], exact(used[at])
    size = size + 2
  end
end
return reply
