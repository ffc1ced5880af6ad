-- Creates, puts, replaces or deletes one rule, or changes nothing: comparing, storing and announcing are one step.
--
-- KEYS[1] the rule table (shared/rule-table.lua)   KEYS[2] its change log (shared/rule-change-log.lua)
-- ARGV    format, channel, known (the version that the node has; a store that is behind it has lost writes),
--         stamp, most (rules that a table may hold), kind (create | put | replace | delete), id,
--         expected (the revision to change, or '' for any), JSON ('' to delete)
-- Returns format, outcome, number:
--         created <version> | written <version> | lost <stored version> | changed <revision> | exists 0 | missing 0 |
--         full 0
--[[ Sample
# Version 6 of the rules is stored. A node that has it creates the rule `ocr`.
redis-cli HSET table version 6 stamp b1
#> (integer) 2
redis-cli --eval <(node scripts/print-lua.mjs rules-write-one) table log , 1 channel 6 c7 10000 create ocr '' '{}'
#> 1) "1"
#> 2) "created"
#> 3) (integer) 7
# Format 1, created, with version 7.
]]
-- @include shared/rule-table.lua
-- @include shared/rule-change-log.lua
local rule_table, log = KEYS[1], KEYS[2]
local format, channel, known, stamp, most, kind, id, expected, json = unpack(ARGV, 1, 9)
check_arguments(format, #ARGV, 9)
known, most = whole_number(known), whole_number(most)

local version, stored_stamp = stored_version(rule_table)
if version == 0 or version < known then return { FORMAT, 'lost', version } end

local rule = redis.call('HGET', rule_table, field_of(id))
local revision = rule and string.match(rule, '^(%d+):')
if kind == 'replace' or kind == 'delete' then
  if not rule then return { FORMAT, 'missing', 0 } end
  if expected ~= '' and expected ~= revision then return { FORMAT, 'changed', tonumber(revision) } end
elseif kind ~= 'create' and kind ~= 'put' then
  error('SUNDIAL unknown kind: ' .. kind)
end
if rule and kind == 'create' then return { FORMAT, 'exists', 0 } end
-- Two of the fields are no rules.
if not rule and redis.call('HLEN', rule_table) - 2 >= most then return { FORMAT, 'full', 0 } end

ensure_log(log, version, stored_stamp)
version = version + 1
if kind == 'delete' then
  redis.call('HDEL', rule_table, field_of(id))
else
  redis.call('HSET', rule_table, field_of(id), text_of_rule(version, json))
end
append_to_log(log, version, stamp, { id })
publish(rule_table, version, stamp, channel)
return { FORMAT, rule and 'written' or 'created', version }
