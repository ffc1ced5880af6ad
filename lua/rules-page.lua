-- Reads a part of the rule table. All parts together are one consistent table once rules-changes-since.lua has
-- answered, afterwards, what has changed since the version and stamp of the first.
--
-- KEYS[1] the rule table (shared/rule-table.lua)
-- ARGV    format, cursor (0 to begin), about how many rules
-- Returns format, version and stamp (0 and '' where no rules are stored), the next cursor (0 at the end), and of
--         each rule: id, `<revision>:<JSON>`; a rule may come more than once. A field that no script wrote comes with
--         the id '', and its name for a text.
--[[ Sample
# Version 7 of the rules is stored: the rule `ocr`.
redis-cli HSET table version 7 stamp c7 rule:ocr '7:{}'
#> (integer) 3
redis-cli --eval <(node scripts/print-lua.mjs rules-page) table , 1 0 200
#> 1) "1"
#> 2) (integer) 7
#> 3) "c7"
#> 4) "0"
#> 5) "ocr"
#> 6) "7:{}"
# Format 1; version 7 and its stamp; no more parts; the rule `ocr`, which version 7 wrote last.
]]
-- @include shared/rule-table.lua
local rule_table = KEYS[1]
local format, cursor, count = unpack(ARGV, 1, 3)
check_arguments(format, #ARGV, 3)
count = whole_number(count)

local version, stamp = stored_version(rule_table)
local page = redis.call('HSCAN', rule_table, cursor, 'COUNT', count)
local reply, fields = { FORMAT, version, stamp, page[1] }, page[2]
for i = 1, #fields, 2 do
  local id = string.match(fields[i], '^rule:(.*)$')
  if id then
    reply[#reply + 1] = id
    reply[#reply + 1] = fields[i + 1]
  elseif fields[i] ~= 'version' and fields[i] ~= 'stamp' then
    reply[#reply + 1] = ''
    reply[#reply + 1] = fields[i]
  end
end
return reply
