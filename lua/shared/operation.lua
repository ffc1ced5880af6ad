-- Operations that counted are remembered on pages: a page is a text with the records of all whose ids differ in the
-- last character only. Ids that are made one after the other share one, which costs a fifth of a key for each.
--
-- A record is `;<last character> <fingerprint> <attempts> <at>`. Attempts are those whose callers were not told
-- otherwise, joined by commas; `at` is an instant in every window it was counted in. When the last of them is voided
-- the record is `;<last character> !<attempt>`: that one must not count any more, any other may.
--
-- A page lives as long as an operation is remembered, from when it was last written. One with a settlement begins with
-- `+`, and has what is left of a longer life.
local MAX_ATTEMPTS_LENGTH = 1000
local PAGE = '^%+?;'

-- Redis' Lua reads every byte of a text that it makes: pages are put together once, in the end.
local pages, remember_ms = {}, integer(remember)

-- The page under a key; nil when something foreign is there.
local function open_page(key)
  local stored = redis.pcall('GET', key)
  if is_foreign(stored) or stored and not string.find(stored, PAGE) then return nil end
  local page = { stored = stored or '', written = {}, changed = false, lives = remember_ms }
  if stored and string.sub(stored, 1, 1) == '+' then
    page.lives = math.max(redis.call('PTTL', key), remember_ms)
  end
  pages[key] = page
  return page
end

-- Takes a record out of what is stored of a page, and gives it; nil when there is none. Its head is all of it up to the
-- fingerprint: `;<last character> `.
local function find_stored(page, head)
  local stored = page.stored
  local from = string.find(stored, head, 1, true)
  if not from then return nil end
  local after = string.find(stored, ';', from + 1, true) or #stored + 1
  page.stored = string.sub(stored, 1, from - 1) .. string.sub(stored, after)
  page.written[head] = string.sub(stored, from, after - 1)
  return page.written[head]
end

local function write_record(page, head, record)
  page.written[head], page.changed = record, true
end

local function write_pages()
  for key, page in pairs(pages) do
    if page.changed then
      local texts = { page.stored }
      for _, record in pairs(page.written) do
        texts[#texts + 1] = record
      end
      redis.call('SET', key, table.concat(texts), 'PX', string.format('%d', page.lives))
    end
  end
end

local function is_free(record) return not record or string.sub(record, 4, 4) == '!' end

local function record_of(head, fingerprint, attempts, at)
  return head .. fingerprint .. ' ' .. attempts .. ' ' .. at
end

-- Fingerprint, attempts and instant; nothing of a record that is foreign.
local function read_record(record) return string.match(record, '^;%S (%S+) (%S+) (%-?[0-9a-z]+)$') end

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
