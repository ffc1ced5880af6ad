-- Adds a slice to a book that is being brought, beside the stored one, so that no call is long. It is gone after
-- its lifetime unless rules-replace.lua takes it.
--
-- KEYS[1] the staged book, of the fields of shared/book.lua
-- ARGV    format, lifetime (ms), how many rules, of each: id, `<revision>:<JSON>`
-- Returns format, outcome: staged
-- @include shared/book.lua
local lifetime = integer()
for _ = 1, integer() do
  local id, text = word(), word()
  redis.call('HSET', KEYS[1], 'rule:' .. id, text)
end
if not finished() then error('SUNDIAL too many arguments') end
redis.call('PEXPIRE', KEYS[1], lifetime)
return { FORMAT, 'staged' }
