-- Takes units from every counter of a check, or from none of them.
--
-- Many checks travel in one call, each decided on its own and in order: one script a turn of the caller's
-- event loop costs a fraction of one script a check.
--
-- KEYS    of each check: its operation, then its counters
-- ARGV    the common ones (shared/arguments.lua), then deadline (store clock, ms; a call that starts later writes
--         nothing), how many ladders, each ladder (shared/ladders.lua), how many checks,
--         of each check: amount, fingerprint, attempt, how many counters, of each: its ladder (from 1)
-- Returns format, now (ms), then of each check its outcome: taken | refused | replayed, followed by pick (which
--         offered window: 0|1) and used of each limit; conflict | expired | moved | broken, followed by nothing
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/counter.lua
local deadline = integer()
local ladders, checks, key = {}, {}, 0
for i = 1, integer() do
  ladders[i] = read_ladder()
end
for i = 1, integer() do
  local check = { amount = integer(), fingerprint = word(), attempt = word(), picks = '' }
  check.operation = KEYS[key + 1]
  for c = 1, integer() do
    check[c] = { key = KEYS[key + 1 + c], ladder = ladders[integer()] }
    check.moved = check.moved or check[c].ladder.moved
  end
  key = key + 1 + #check
  checks[i] = check
end
if not finished() or key ~= #KEYS then error('SUNDIAL wrong number of arguments') end

local function has_room(check)
  for _, counter in ipairs(check) do
    for i, limit in ipairs(counter.ladder.limits) do
      if limit.enforced and counter[i].used + check.amount > limit.max then return false end
    end
  end
  return true
end

-- What the operation id says: nil when it is free, else the outcome.
local function recall(check)
  local record = redis.pcall('GET', check.operation)
  if type(record) == 'table' then return 'broken' end
  if record == '!' .. check.attempt then return 'expired' end
  if not record or string.sub(record, 1, 1) == '!' then return nil end
  return string.find(record, check.fingerprint .. ' ', 1, true) == 1 and 'replayed' or 'conflict'
end

local function decide(check)
  if now > deadline then return 'expired' end
  if check.moved then return 'moved' end
  for _, counter in ipairs(check) do
    if not look(counter) then return 'broken' end
  end
  local recalled = check.amount > 0 and recall(check)
  if recalled then return recalled end
  if not has_room(check) then return 'refused' end
  if check.amount == 0 then return 'taken' end
  for _, counter in ipairs(check) do
    check.picks = check.picks .. count(counter, check.amount)
  end
  local record = check.fingerprint .. ' ' .. check.attempt .. ' ' .. check.picks
  redis.call('SET', check.operation, record, 'PX', remember)
  return 'taken'
end

local SHOWS_LIMITS = { taken = true, refused = true, replayed = true }
local reply = { FORMAT, now }
for _, check in ipairs(checks) do
  local outcome = decide(check)
  reply[#reply + 1] = outcome
  for _, counter in ipairs(SHOWS_LIMITS[outcome] and check or {}) do
    for _, state in ipairs(counter) do
      reply[#reply + 1], reply[#reply + 2] = state.pick, state.used
    end
  end
end
return reply
