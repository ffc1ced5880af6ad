-- Changes many rules in one version, if the rule table still is the one that the node has read.
--
-- KEYS[1] the rule table (shared/rule-table.lua)   KEYS[2] its change log (shared/rule-change-log.lua)
-- ARGV    format, channel, version and stamp that the node has read, stamp to write, how many rules to set, of each:
--         id, JSON; how many to remove, of each: id
-- Returns format, outcome: written | changed
--[[ Sample
# Version 6 of the rules is stored. A node that has read it sets the rule `ocr` and removes the rule `sms`.
redis-cli HSET table version 6 stamp b1 rule:sms '3:{}'
#> (integer) 3
redis-cli --eval <(node scripts/print-lua.mjs rules-write-many) table log , 1 channel 6 b1 c7 1 ocr '{}' 1 sms
#> 1) "1"
#> 2) "written"
# Format 1, written.
]]
-- @include shared/rule-table.lua
-- @include shared/rule-change-log.lua
local rule_table, log = KEYS[1], KEYS[2]
local format, channel, read_version, read_stamp, stamp, set_count = unpack(ARGV, 1, 6)
read_version, set_count = whole_number(read_version), whole_number(set_count)
local FIRST_SET, REMOVED_COUNT = 7, 7 + 2 * set_count
local removed_count = whole_number(ARGV[REMOVED_COUNT])
check_arguments(format, #ARGV, REMOVED_COUNT + removed_count)
local set, changed = {}, {}
for i = FIRST_SET, REMOVED_COUNT - 1, 2 do
  set[#set + 1], changed[#changed + 1] = { id = ARGV[i], json = ARGV[i + 1] }, ARGV[i]
end
local removed = { unpack(ARGV, REMOVED_COUNT + 1) }

local version, stored_stamp = stored_version(rule_table)
if version == 0 or version ~= read_version or stored_stamp ~= read_stamp then return { FORMAT, 'changed' } end

ensure_log(log, version, stored_stamp)
version = version + 1
for _, rule in ipairs(set) do
  redis.call('HSET', rule_table, field_of(rule.id), text_of_rule(version, rule.json))
end
for _, id in ipairs(removed) do
  redis.call('HDEL', rule_table, field_of(id))
  changed[#changed + 1] = id
end
append_to_log(log, version, stamp, changed)
publish(rule_table, version, stamp, channel)
return { FORMAT, 'written' }
