-- Reads a part of the book. All parts together are one consistent book when rules-changes.lua tells, afterwards,
-- what has changed since the version and stamp of the first.
--
-- KEYS[1] the book (shared/book.lua)
-- ARGV    format, cursor (0 to begin), about how many rules
-- Returns format, version and stamp (0 and '' where no rules are stored), the next cursor (0 at the end), and of
--         each rule: id, `<revision>:<JSON>`; a rule may come more than once
-- @include shared/book.lua
local cursor_at, count = word(), integer()
if not finished() then error('SUNDIAL too many arguments') end
local version, stamp = stored_version()
local page = redis.call('HSCAN', KEYS[1], cursor_at, 'COUNT', count)
local reply = { FORMAT, version, stamp, page[1] }
for i = 1, #page[2], 2 do
  local id = string.match(page[2][i], '^rule:(.*)$')
  if id then
    reply[#reply + 1] = id
    reply[#reply + 1] = page[2][i + 1]
  elseif page[2][i] ~= 'version' and page[2][i] ~= 'stamp' then
    -- What no script wrote is for the caller to refuse.
    reply[#reply + 1] = ''
    reply[#reply + 1] = page[2][i]
  end
end
return reply
