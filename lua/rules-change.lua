-- Changes many rules in one version, if the book is still the one the caller saw.
--
-- KEYS[1] the book (shared/book.lua)   KEYS[2] its log (shared/book-log.lua)
-- ARGV    format, channel, version and stamp that the caller saw, stamp to write, how many rules to set, of each:
--         id, JSON; how many to remove, of each: id
-- Returns format, outcome: written | changed
-- @include shared/book.lua
-- @include shared/book-log.lua
local channel, seen_version, seen_stamp, stamp = word(), integer(), word(), word()
local set, removed, ids = {}, {}, {}
for i = 1, integer() do
  set[i] = { word(), word() }
  ids[#ids + 1] = set[i][1]
end
for i = 1, integer() do
  removed[i] = word()
  ids[#ids + 1] = removed[i]
end
if not finished() then error('SUNDIAL too many arguments') end
local version, stored_stamp = stored_version()
if version == 0 or version ~= seen_version or stored_stamp ~= seen_stamp then return { FORMAT, 'changed' } end

ensure_log(KEYS[2], version, stored_stamp)
version = version + 1
for _, rule in ipairs(set) do
  redis.call('HSET', KEYS[1], 'rule:' .. rule[1], string.format('%.0f:', version) .. rule[2])
end
for _, id in ipairs(removed) do
  redis.call('HDEL', KEYS[1], 'rule:' .. id)
end
append_log(KEYS[2], version, stamp, ids)
publish(version, stamp, channel)
return { FORMAT, 'written' }
