-- Operations that counted are remembered on pages: a page is a text with the records (shared/record.lua) of all whose
-- ids differ in the last character only. Ids that are made one after the other share one, which costs a fifth of a key
-- for each.
--
-- A page lives as long as the latest of its records is remembered: what only repeats an operation leaves its life as it
-- is. One with a settlement begins with `+`: another record may have a longer life than the one that is written.
local PAGE = '^%+?;'

-- Redis' Lua reads every byte of a text that it makes: pages are put together once, in the end.
local pages, remember_ms = {}, integer(remember)

-- The page under a key; nil when something foreign is there.
local function open_page(key)
  local stored = redis.pcall('GET', key)
  if is_foreign(stored) or stored and not string.find(stored, PAGE) then return nil end
  local page = { stored = stored or '', written = {}, changed = false, lives = 0 }
  pages[key] = page
  return page
end

-- Takes a record out of what is stored of a page, and gives it; nil when there is none. Its head is all of it up to the
-- content: `;<last character> `.
local function find_stored(page, head)
  local stored = page.stored
  local from = string.find(stored, head, 1, true)
  if not from then return nil end
  local after = string.find(stored, ';', from + 1, true) or #stored + 1
  page.stored = string.sub(stored, 1, from - 1) .. string.sub(stored, after)
  page.written[head] = string.sub(stored, from, after - 1)
  return page.written[head]
end

-- Writes a record that is remembered for so long from now on; without that, one that is remembered as it was.
local function write_record(page, head, record, lives)
  page.written[head], page.changed = record, true
  if lives and lives > page.lives then page.lives = lives end
end

local function write_page(key, page)
  local texts = { page.stored }
  for _, record in pairs(page.written) do
    texts[#texts + 1] = record
  end
  local text, lives = table.concat(texts), page.lives
  if lives == 0 then
    redis.call('SET', key, text, 'KEEPTTL')
    return
  end
  if string.sub(text, 1, 1) == '+' then lives = math.max(lives, redis.call('PTTL', key)) end
  redis.call('SET', key, text, 'PX', string.format('%d', lives))
end

local function write_pages()
  for key, page in pairs(pages) do
    if page.changed then write_page(key, page) end
  end
end
