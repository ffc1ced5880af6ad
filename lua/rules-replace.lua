-- Puts a staged rule table in the place of the stored one, if that still is the one the node has read: how the first
-- node writes the start-up rules, how nodes restore what a store has lost, and how most of the rules are changed at
-- once. One of many nodes succeeds. It costs the same for any number of rules.
--
-- KEYS[1] the rule table (shared/rule-table.lua)   KEYS[2] its change log (shared/rule-change-log.lua)
-- KEYS[3] the staged rule table (rules-stage.lua)
-- ARGV    format, channel, version and stamp that the node has read (0 and '' for none), version and stamp to
--         write, how many rules were staged
-- Returns format, outcome: written | changed | incomplete (some of the staged rules are gone)
--[[ Sample
# No rules are stored, and one is staged. The node that staged it writes it as version 1.
redis-cli HSET staged rule:ocr '1:{}'
#> (integer) 1
redis-cli --eval <(node scripts/print-lua.mjs rules-replace) table log staged , 1 channel 0 '' 1 a1 1
#> 1) "1"
#> 2) "written"
# Format 1, written.
]]
-- @include shared/rule-table.lua
-- @include shared/rule-change-log.lua
local rule_table, log, staged = KEYS[1], KEYS[2], KEYS[3]
local format, channel, read_version, read_stamp, version, stamp, count = unpack(ARGV, 1, 7)
check_arguments(format, #ARGV, 7)
read_version, version, count = whole_number(read_version), whole_number(version), whole_number(count)

local stored, stored_stamp = stored_version(rule_table)
local is_same = stored == read_version and stored_stamp == read_stamp
local is_whole = redis.call('HLEN', staged) == count
if not is_same or not is_whole then
  redis.call('UNLINK', staged)
  return { FORMAT, is_same and 'incomplete' or 'changed' }
end
if version <= stored then error('SUNDIAL a version cannot go back') end

redis.call('UNLINK', rule_table, log)
if count > 0 then
  redis.call('PERSIST', staged)
  redis.call('RENAME', staged, rule_table)
end
append_to_log(log, version, stamp, {})
publish(rule_table, version, stamp, channel)
return { FORMAT, 'written' }
