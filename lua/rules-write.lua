-- Creates, replaces or deletes one rule, or changes nothing: comparing, storing and announcing are one step.
--
-- KEYS[1] the book (shared/book.lua)   KEYS[2] its log (shared/book-log.lua)
-- ARGV    format, channel, known (the version the caller has; a store that is behind it has lost writes),
--         stamp, most (rules in a book), kind (create | replace | delete), id,
--         expected (the revision to change, or '' for any), JSON ('' to delete)
-- Returns format, outcome, number:
--         written <version> | lost <stored version> | changed <revision> | exists 0 | missing 0 | full 0
-- @include shared/book.lua
-- @include shared/book-log.lua
local channel, known, stamp, most = word(), integer(), word(), integer()
local kind, id, expected, json = word(), word(), word(), word()
if not finished() then error('SUNDIAL too many arguments') end
local version, stored_stamp = stored_version()
if version == 0 or version < known then return { FORMAT, 'lost', version } end

local field = 'rule:' .. id
local rule = redis.call('HGET', KEYS[1], field)
local revision = rule and string.match(rule, '^(%d+):')
if kind == 'create' then
  if rule then return { FORMAT, 'exists', 0 } end
  -- Two of the fields are no rules.
  if redis.call('HLEN', KEYS[1]) - 2 >= most then return { FORMAT, 'full', 0 } end
elseif kind == 'replace' or kind == 'delete' then
  if not rule then return { FORMAT, 'missing', 0 } end
  if expected ~= '' and expected ~= revision then return { FORMAT, 'changed', tonumber(revision) } end
else
  error('SUNDIAL unknown kind: ' .. kind)
end

ensure_log(KEYS[2], version, stored_stamp)
version = version + 1
if kind == 'delete' then
  redis.call('HDEL', KEYS[1], field)
else
  redis.call('HSET', KEYS[1], field, string.format('%.0f:', version) .. json)
end
append_log(KEYS[2], version, stamp, { id })
publish(version, stamp, channel)
return { FORMAT, 'written', version }
