-- What has changed since a writing of the book, as the rules are now: how a node follows without reading them all.
--
-- KEYS[1] the book (shared/book.lua)   KEYS[2] its log (shared/book-log.lua)
-- ARGV    format, version and stamp that the caller has
-- Returns format, outcome: none (no rules are stored) | gap (the log does not lead from there to here) | changes,
--         which is followed by the version and stamp of now, and of each changed rule: id, `<revision>:<JSON>` or
--         '' when it was removed
-- @include shared/book.lua
-- @include shared/book-log.lua
local since, since_stamp = integer(), word()
if not finished() then error('SUNDIAL too many arguments') end
local version, stamp = stored_version()
if version == 0 then return { FORMAT, 'none' } end

local reply = { FORMAT, 'changes', version, stamp }
if since == version and since_stamp == stamp then return reply end
if not is_complete(KEYS[2], version, stamp) or not is_logged(KEYS[2], since, since_stamp) then
  return { FORMAT, 'gap' }
end
-- Bounded by MOST_LOGGED.
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], string.format('(%.0f', since), '+inf', 'BYSCORE')) do
  if string.sub(member, 1, 1) == 'r' then
    local id = string.sub(member, 2)
    reply[#reply + 1] = id
    reply[#reply + 1] = redis.call('HGET', KEYS[1], 'rule:' .. id) or ''
  end
end
return reply
