-- The book of rules is one hash: `version`; `stamp`, unique to this writing of this version; of each rule
-- `rule:<id>` = `<revision>:<JSON>`. The JSON is opaque to scripts.
-- Every script's ARGV begin with: format, so that old and new nodes can share one Redis.
local FORMAT, MAX_INTEGER = '1', 9007199254740991
local cursor = 0

local function word()
  cursor = cursor + 1
  return ARGV[cursor] or error('SUNDIAL too few arguments')
end

local function integer()
  local text = word()
  local number = string.find(text, '^%d+$') and tonumber(text)
  if not number or number > MAX_INTEGER then error('SUNDIAL not a whole number: ' .. text) end
  return number
end

local function finished() return cursor == #ARGV end

-- Version and stamp of the stored book: 0 and '' where there is none.
local function stored_version()
  local stored = redis.call('HMGET', KEYS[1], 'version', 'stamp')
  return tonumber(stored[1]) or 0, stored[2] or ''
end

-- Names the book anew, and tells every node. Announcements may get lost; the heartbeat notices too.
local function publish(version, stamp, channel)
  redis.call('HSET', KEYS[1], 'version', version, 'stamp', stamp)
  redis.call('PUBLISH', channel, version)
end

if word() ~= FORMAT then error('SUNDIAL unknown format') end
