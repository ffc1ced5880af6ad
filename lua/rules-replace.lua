-- Puts a staged book in the place of the stored one, if that is still the one the caller saw: how the first node
-- plants the start-up rules, how nodes bring back what a store has lost, and how most of the rules are changed at
-- once. One of many succeeds. It costs the same for any number of rules.
--
-- KEYS[1] the book (shared/book.lua)   KEYS[2] its log (shared/book-log.lua)   KEYS[3] the staged book
-- ARGV    format, channel, version and stamp that the caller saw (0 and '' for none), version and stamp to
--         write, how many rules were staged
-- Returns format, outcome: written | changed | incomplete (some of what was staged is gone)
-- @include shared/book.lua
-- @include shared/book-log.lua
local channel, seen_version, seen_stamp = word(), integer(), word()
local version, stamp, count = integer(), word(), integer()
if not finished() then error('SUNDIAL too many arguments') end
local stored, stored_stamp = stored_version()
local is_same = stored == seen_version and stored_stamp == seen_stamp
local is_whole = redis.call('HLEN', KEYS[3]) == count
if not is_same or not is_whole then
  redis.call('UNLINK', KEYS[3])
  return { FORMAT, is_same and 'incomplete' or 'changed' }
end
if version <= stored then error('SUNDIAL a version cannot go back') end

redis.call('UNLINK', KEYS[1], KEYS[2])
if count > 0 then
  redis.call('PERSIST', KEYS[3])
  redis.call('RENAME', KEYS[3], KEYS[1])
end
append_log(KEYS[2], version, stamp, {})
publish(version, stamp, channel)
return { FORMAT, 'written' }
