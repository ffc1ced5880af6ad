-- The rule table is one hash: `version`; `stamp`, unique to the write that made this version; and of each rule the
-- field `rule:<id>`, which holds `<revision>:<JSON>`: the version that wrote the rule last, and the rule, which
-- scripts don't read.
--
-- The first argument and the first reply of its scripts is the format, the version of arguments and reply; a script
-- refuses any but its own.
local FORMAT = '1'
local MAX_INTEGER = 9007199254740991

-- The integer of at least 0, in decimal digits alone, that an argument holds.
local function whole_number(text)
  local number = string.find(text or '', '^%d+$') and tonumber(text)
  if not number or number > MAX_INTEGER then error('SUNDIAL not a whole number: ' .. tostring(text)) end
  return number
end

-- Ends the script unless it has arguments of its format, exactly as many as it reads.
local function check_arguments(format, argument_count, expected_count)
  if format ~= FORMAT then error('SUNDIAL not of a known format: ' .. tostring(format)) end
  if argument_count < expected_count then error('SUNDIAL too few arguments') end
  if argument_count > expected_count then error('SUNDIAL too many arguments') end
end

-- The field of a rule.
local function field_of(id) return 'rule:' .. id end

-- What the field of a rule holds that this version wrote.
local function text_of_rule(version, json) return string.format('%.0f:', version) .. json end

-- Version and stamp of the stored rules: 0 and '' where there are none.
local function stored_version(rule_table)
  local stored = redis.call('HMGET', rule_table, 'version', 'stamp')
  return tonumber(stored[1]) or 0, stored[2] or ''
end

-- Sets version and stamp, and announces the version to all nodes. An announcement may get lost: the heartbeat of each
-- node finds the version too.
local function publish(rule_table, version, stamp, channel)
  redis.call('HSET', rule_table, 'version', version, 'stamp', stamp)
  redis.call('PUBLISH', channel, version)
end
