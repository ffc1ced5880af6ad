-- What has changed since a write, with the rules as they are now: how a node follows without reading all of them.
--
-- KEYS[1] the rule table (shared/rule-table.lua)   KEYS[2] its change log (shared/rule-change-log.lua)
-- ARGV    format, version and stamp that the node has
-- Returns format, outcome: none (no rules are stored) | gap (the log does not reach back so far) | changes,
--         which is followed by the version and stamp of now, and of each changed rule: id, `<revision>:<JSON>` or
--         '' when it was removed
--[[ Sample
# Version 7 of the rules is stored, and it created the rule `ocr`. A node has version 6.
redis-cli HSET table version 7 stamp c7 rule:ocr '7:{}'
#> (integer) 3
redis-cli ZADD log 6 sb1 7 sc7 7 rocr
#> (integer) 3
redis-cli --eval <(node scripts/print-lua.mjs rules-changes-since) table log , 1 6 b1
#> 1) "1"
#> 2) "changes"
#> 3) (integer) 7
#> 4) "c7"
#> 5) "ocr"
#> 6) "7:{}"
# Format 1, changes; version 7 and its stamp; the rule `ocr`, which version 7 wrote last.
]]
-- @include shared/rule-table.lua
-- @include shared/rule-change-log.lua
local rule_table, log = KEYS[1], KEYS[2]
local format, since, since_stamp = unpack(ARGV, 1, 3)
check_arguments(format, #ARGV, 3)
since = whole_number(since)

local version, stamp = stored_version(rule_table)
if version == 0 then return { FORMAT, 'none' } end
local reply = { FORMAT, 'changes', version, stamp }
if since == version and since_stamp == stamp then return reply end
if not is_complete(log, version, stamp) or not is_logged(log, since, since_stamp) then
  return { FORMAT, 'gap' }
end
for _, id in ipairs(changed_since(log, since)) do
  reply[#reply + 1] = id
  reply[#reply + 1] = redis.call('HGET', rule_table, field_of(id)) or ''
end
return reply
