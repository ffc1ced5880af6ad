-- Makes the counters say what the callers were told, whatever became of the takes: safe to repeat, safe in any order.
--
-- `count`: the operation was allowed; count it once, also above the limit, in the windows it was decided in.
-- `void`: it was not; bar the attempt that may still run, or take it off those whose callers were told that it was.
-- Without the last of them the operation is reversed, in exactly the windows it was taken from.
--
-- Many settlements travel in one call, each settled on its own and in order: a key of one that holds something else is
-- no business of the others.
--
-- KEYS    of each settlement: the page of its operation (shared/page.lua), then its counters
-- ARGV[1] what is common (shared/arguments.lua)   ARGV[2] ladders (shared/ladders.lua)
-- ARGV[3] groups of settlements (shared/settlements.lua)
-- ARGV[3 + n] the name of the settlement n (shared/settlements.lua)
-- Returns one text of words with spaces between: format, then of each settlement its outcome: counted | already-counted
--         | late (every window is over) | reversed | barred | conflict | broken; after counted, how many limits are
--         above their max now, and of each its place (from 0) and its used
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/foreign.lua
-- @include shared/counter.lua
-- @include shared/closely.lua
-- @include shared/look.lua
-- @include shared/page.lua
-- @include shared/record.lua
-- @include shared/settlements.lua
-- @include shared/settle-now.lua
-- @include shared/settle-closely.lua
for _, ladder in ipairs(ladders) do
  if not ladder.moved then expect_now(ladder) end
end

-- Writes down what became of an operation.
local function conclude(page, its, record, outcome)
  write_record(page, its.head, record, its.lives)
  if string.sub(page.stored, 1, 1) ~= '+' then page.stored = '+' .. page.stored end
  return outcome
end

-- Notes that the caller of one more attempt was told that the operation was counted.
local function join(page, its, kept)
  if kept.content ~= its.content then return 'conflict' end
  local attempts = with_attempt(kept.attempts, its.attempt)
  return conclude(page, its, rewritten(its.head, kept, attempts), 'already-counted')
end

-- Counts an operation of which nothing is remembered, in the windows it was decided in.
local function count_as_decided(group, counters)
  local pick_of = function(_, index) return tonumber(string.sub(group.picked, index, index)) end
  local touched, at, forced = add_closely(counters, group.amount, pick_of)
  return at, touched > 0 and 'counted ' .. forced or 'late'
end

-- Takes an attempt off an operation, and reverses it without the last one.
local function take_off(page, its, kept)
  local barred = its.head .. '!' .. its.attempt .. ' ' .. its.until_text
  if not kept then return conclude(page, its, barred, 'barred') end
  if not has_attempt(kept.attempts, its.attempt) then return 'barred' end
  local rest = without_attempt(kept.attempts, its.attempt)
  if rest ~= '' then return conclude(page, its, rewritten(its.head, kept, rest), 'barred') end
  return conclude(page, its, barred, 'reversed'),
    function(limit) return pick_at(kept.at, limit.this, limit.next, limit.after) end
end

-- The outcome of the settlement whose page is KEYS[key], as it is answered.
local function settle(group, key, its)
  local is_now, at = look_now(group, key)
  local counters = is_now == false and read_closely(group, key)
  local page = pages[KEYS[key]] or open_page(KEYS[key])
  if is_now == nil or counters == nil or not page then return 'broken' end
  local kept = recall_settled(page, its)
  if kept == 'broken' then return 'broken' end
  if group.intent == 'void' then
    local outcome, pick_of = take_off(page, its, kept)
    if pick_of then add_closely(counters, -group.amount, pick_of) end
    return outcome
  end
  if kept then return join(page, its, kept) end
  local outcome
  if is_now then
    outcome = 'counted ' .. add_now(group, key)
  else
    at, outcome = count_as_decided(group, counters)
  end
  local record = record_of(its.head, its.content, its.attempt, at, its.until_text)
  return conclude(page, its, record, outcome)
end

local answers, key, name = { FORMAT }, 1, FIRST_NAME
for _, group in ipairs(groups) do
  for _ = 1, group.settlements do
    answers[#answers + 1] = settle(group, key, names[name])
    key, name = key + 1 + group.size, name + 1
  end
end
write_pages()
return table.concat(answers, ' ')
