-- Takes units from every counter of a check, or from none of them.
--
-- Many checks travel in one call, each decided on its own and in order: one script a turn of the caller's
-- event loop costs a fraction of one script a check.
--
-- KEYS    of each check: its operation, then its counters
-- ARGV[1] JSON: what is common (shared/arguments.lua), ladders: a list (shared/ladders.lua), and checks: a list, each
--         [deadline (store clock, ms; a check that starts later writes nothing), amount,
--         name ('fingerprint attempt'), of each counter: its ladder (from 1)]
-- Returns format, now (ms), then of each check its outcome: taken | refused | replayed, followed by pick (which
--         offered window: 0|1) and used of each limit; conflict | expired | moved | broken, followed by nothing
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/foreign.lua
-- @include shared/counter.lua
-- @include shared/operation.lua
-- Where a check's fields stand, its ladders from LADDER on.
local DEADLINE, AMOUNT, NAME, LADDER = 1, 2, 3, 4

local ladders, checks, key_count = {}, list(arguments.checks), 0
for i, ladder in ipairs(list(arguments.ladders)) do
  ladders[i] = read_ladder(ladder)
end
for i = 1, #checks do
  local check = list(checks[i])
  integer(check[DEADLINE])
  integer(check[AMOUNT])
  text(check[NAME])
  for c = LADDER, #check do
    if not ladders[check[c]] then fail('a ladder', check[c]) end
  end
  key_count = key_count + 1 + #check - NAME
end
if #checks == 0 or key_count ~= #KEYS then fail('the right number of keys', #KEYS) end

-- What the operation id says, if it is taken: nil when it is free after all.
local function recall(operation, name)
  local record = redis.pcall('GET', operation)
  if is_foreign(record) then return 'broken' end
  local fingerprint, attempt = string.match(name, '^(%S+) (%S+)$')
  if record == '!' .. attempt then return 'expired' end
  if is_free(record) then return nil end
  local recorded_fingerprint, attempts, at = read_record(record)
  if recorded_fingerprint ~= fingerprint then return 'conflict' end
  add_attempt(operation, fingerprint, attempts, attempt, at)
  return 'replayed'
end

-- Writes the operation down: nil, or what stands against it.
local function claim(operation, name, at)
  local record = name .. ' ' .. digits(at)
  if redis.call('SET', operation, record, 'NX', 'PX', remember) then return nil end
  local against = recall(operation, name)
  if not against then redis.call('SET', operation, record, 'PX', remember) end
  return against
end

-- The outcome of a check whose operation is KEYS[key], and how many limits were looked at.
local function decide(check, key)
  if now > check[DEADLINE] then return 'expired', 0 end
  local amount, size, limit_count, room, at = check[AMOUNT], #check - NAME, 0, true, -math.huge
  for c = 1, size do
    local ladder = ladders[check[NAME + c]]
    if ladder.moved then return 'moved', 0 end
    local latest = look(KEYS[key + c], ladder, limit_count)
    if not latest then return 'broken', 0 end
    if latest > at then at = latest end
    room = room and has_room(ladder, limit_count, amount)
    limit_count = limit_count + ladder.size
  end
  if amount == 0 then return room and 'taken' or 'refused', limit_count end
  if not room then return recall(KEYS[key], check[NAME]) or 'refused', limit_count end
  local against = claim(KEYS[key], check[NAME], at)
  if against then return against, limit_count end
  local first = 0
  for c = 1, size do
    local ladder = ladders[check[NAME + c]]
    count(KEYS[key + c], ladder, first, amount)
    first = first + ladder.size
  end
  return 'taken', limit_count
end

-- ioredis 6 adds to a reply's digits before it takes away: what is above 2^53 - 51 goes out as a text.
local function exact(units) return units < 9e15 and units or digits(units) end

local SHOWS_LIMITS = { taken = true, refused = true, replayed = true }
local reply, size, key = { FORMAT, now }, 2, 1
for i = 1, #checks do
  local outcome, limit_count = decide(checks[i], key)
  key, size = key + 1 + #checks[i] - NAME, size + 1
  reply[size] = outcome
  for at = 1, SHOWS_LIMITS[outcome] and limit_count or 0 do
    reply[size + 1], reply[size + 2] = picks[at], exact(used[at])
    size = size + 2
  end
end
return reply
