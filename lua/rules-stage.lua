-- Adds a slice of rules to a staged rule table, beside the stored one, so that no call is long. The staged table
-- expires after its lifetime unless rules-replace.lua takes it.
--
-- KEYS[1] the staged rule table, with the fields of rules alone (shared/rule-table.lua)
-- ARGV    format, lifetime (ms), how many rules, of each: id, `<revision>:<JSON>`
-- Returns format, outcome: staged
--[[ Sample
# A node stages one rule, for 30 s.
redis-cli --eval <(node scripts/print-lua.mjs rules-stage) staged , 1 30000 1 ocr '1:{}'
#> 1) "1"
#> 2) "staged"
# Format 1, staged.
]]
-- @include shared/rule-table.lua
local staged, argv, FIRST_RULE = KEYS[1], ARGV, 4
local format, lifetime_ms, rule_count = unpack(argv, 1, 3)
lifetime_ms, rule_count = whole_number(lifetime_ms), whole_number(rule_count)
check_arguments(format, #argv, 3 + 2 * rule_count)

for i = FIRST_RULE, #argv, 2 do
  redis.call('HSET', staged, field_of(argv[i]), argv[i + 1])
end
redis.call('PEXPIRE', staged, lifetime_ms)
return { FORMAT, 'staged' }
