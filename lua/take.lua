-- Takes units from every counter of a check, or from none of them.
--
-- Many checks travel in one call, each decided on its own and in order: one script a turn of the caller's
-- event loop costs a fraction of one script a check.
--
-- KEYS    of each check: the page of its operation (shared/page.lua), then its counters
-- ARGV[1] what is common (shared/arguments.lua)   ARGV[2] ladders (shared/ladders.lua)
-- ARGV[3] groups of checks (shared/groups.lua)
-- ARGV[3 + n] the name of the check n, as its record begins: `;<last character of its id> <content> <attempt>`
-- Returns one text of words with spaces between: format, now (ms), then of each check its outcome: taken | refused
--         | replayed, followed by pick (which offered window: 0|1) and used of each limit, then after replayed by an
--         instant in every window it was counted in and how long it is still remembered (both ms); conflict | expired
--         | moved | broken, followed by nothing
-- @include shared/arguments.lua
-- @include shared/ladders.lua
-- @include shared/foreign.lua
-- @include shared/counter.lua
-- @include shared/closely.lua
-- @include shared/look.lua
-- @include shared/page.lua
-- @include shared/record.lua
-- @include shared/recall.lua
-- @include shared/groups.lua
for _, ladder in ipairs(ladders) do
  if not ladder.moved then expect_now(ladder) end
end

local found = { false, false }

-- The outcome of a check whose page is KEYS[key], how many limits were looked at, and what else is answered.
local function decide(group, key, name)
  if now > group.deadline then return 'expired', 0 end
  local amount, limit_count, room, latest, latest_text = group.amount, 0, true, -math.huge, nil
  for c = 1, group.size do
    local ladder = group[c]
    if ladder.moved then return 'moved', 0 end
    local what, its_latest, its_text = look(KEYS[key + c], ladder, limit_count)
    if what == nil then return 'broken', 0 end
    if its_latest > latest then
      latest, latest_text = its_latest, its_text
    end
    found[c], room = what, room and has_room(ladder, limit_count, amount)
    limit_count = limit_count + ladder.size
  end
  if amount == 0 then return room and 'taken' or 'refused', limit_count end
  local page, head = pages[KEYS[key]] or open_page(KEYS[key]), string.sub(name, 1, 3)
  if not page then return 'broken', 0 end
  local record = page.written[head] or page.stored ~= '' and find_stored(page, head)
  if record then
    local against, more = recall(page, record, name)
    if against then return against, limit_count, more end
  end
  if not room then return 'refused', limit_count end
  write_record(page, head, name .. ' ' .. counted_at(latest, latest_text), remember_ms)
  local before = 0
  for c = 1, group.size do
    count(KEYS[key + c], group[c], before, amount, found[c])
    before = before + group[c].size
  end
  return 'taken', limit_count
end

local SHOWS_LIMITS = { taken = true, refused = true, replayed = true }
local answers, size, key, name = { FORMAT .. ' ' .. string.format('%d', now), '', '', '' }, 1, 1, NAMES_AFTER
for _, group in ipairs(groups) do
  for _ = 1, group.checks do
    name = name + 1
    local outcome, limit_count, more = decide(group, key, ARGV[name])
    key, size = key + 1 + group.size, size + 1
    local answer = outcome
    for limit = 1, SHOWS_LIMITS[outcome] and limit_count or 0 do
      answer = answer .. (picks[limit] == 0 and ' 0 ' or ' 1 ') .. digits(used[limit])
    end
    answers[size] = more and answer .. more or answer
  end
end
write_pages()
return table.concat(answers, ' ', 1, size)
