-- Puts a whole book in the place of the stored one, if that is still the one the caller saw: how the first
-- node plants the start-up rules, and how nodes bring back what a store has lost. One of many succeeds.
--
-- KEYS[1] the book (shared/book.lua)
-- ARGV    format, channel, version and stamp that the caller saw (0 and '' for none), version and stamp to
--         write, how many rules, of each: id, `<revision>:<JSON>`
-- Returns format, outcome: restored | changed
-- @include shared/book.lua
local channel, seen_version, seen_stamp, version, stamp = word(), integer(), word(), integer(), word()
local fields = {}
for i = 1, integer() do
  fields[i] = { 'rule:' .. word(), word() }
end
if not finished() then error('SUNDIAL too many arguments') end
local stored, stored_stamp = stored_version()
if stored ~= seen_version or stored_stamp ~= seen_stamp then return { FORMAT, 'changed' } end
if version <= stored then error('SUNDIAL a version cannot go back') end

redis.call('DEL', KEYS[1])
for _, field in ipairs(fields) do
  redis.call('HSET', KEYS[1], field[1], field[2])
end
publish(version, stamp, channel)
return { FORMAT, 'restored' }
