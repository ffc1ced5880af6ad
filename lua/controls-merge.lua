-- Keeps what operators have set (gates, brakes, drills): of each key the later record, and announces that there is
-- something new. Nodes that set something while this Redis was away bring it when it is back.
--
-- KEYS[1] the control table, one hash: `version`; `stamp`, unique to the write that made this version; and of each
--         control the field `control:<key>` with `<at>:<ends at, 0 for never>:<node>:<JSON>`, which scripts don't read
-- ARGV    format, channel, stamp, now (ms, as the node knows the store's clock), keep (ms that a record is kept after
--         its end), most (records), then of each record: key, text
-- Returns format, version, how many records were later than what was stored
--[[ Sample
# Node `n1` closes a gate at 1000; node `n2` had opened it at 900, and says so now.
redis-cli --eval <(node scripts/print-lua.mjs controls-merge) table , 1 channel c1 1000 500 10 gate:ocr '1000:0:n1:{}'
#> 1) "1"
#> 2) (integer) 1
#> 3) (integer) 1
redis-cli --eval <(node scripts/print-lua.mjs controls-merge) table , 1 channel c2 1000 500 10 gate:ocr '900:0:n2:{}'
#> 1) "1"
#> 2) (integer) 1
#> 3) (integer) 0
# Format 1, version 1; the first was later than what was there, the second was not.
]]
-- @include shared/rule-table.lua
local control_table = KEYS[1]
local format, channel, stamp, now, keep_ms, most = unpack(ARGV, 1, 6)
check_arguments(format, #ARGV, 6 + 2 * math.max(1, math.floor((#ARGV - 6) / 2)))
local records = { unpack(ARGV, 7) }
now, keep_ms, most = whole_number(now), whole_number(keep_ms), whole_number(most)

-- When a record was written, when it ends, and by which node; nothing where a text is no record.
local function read_record(text)
  local at, ends_at, node = string.match(text or '', '^(%d+):(%d+):([^:]+):')
  return tonumber(at), tonumber(ends_at), node
end

local later = {}
for i = 1, #records, 2 do
  local field, text = 'control:' .. records[i], records[i + 1]
  local at, _, node = read_record(text)
  if not at then error('SUNDIAL not a record of a control: ' .. tostring(text)) end
  local stored_at, _, stored_node = read_record(redis.call('HGET', control_table, field) or '')
  if not stored_at or at > stored_at or (at == stored_at and node > stored_node) then
    later[#later + 1], later[#later + 2] = field, text
  end
end
local version = stored_version(control_table)
if #later == 0 then return { FORMAT, version, 0 } end

-- Ended long ago: nothing older can come back. Bounded by `most`, since no more are ever kept.
local entries, over, ended, kept = redis.call('HGETALL', control_table), {}, {}, 0
for i = 1, #entries, 2 do
  local field, at, ends_at = entries[i], read_record(entries[i + 1])
  if string.sub(field, 1, 8) == 'control:' then
    kept = kept + 1
    local is_ended = not at or (ends_at > 0 and ends_at <= now)
    if is_ended and (not at or ends_at + keep_ms <= now) then
      over[#over + 1] = field
    elseif is_ended then
      ended[#ended + 1] = field
    end
  end
end
local excess = kept - #over + #later / 2 - most
if excess > #ended then error('SUNDIAL too many controls') end

for _, field in ipairs(over) do
  redis.call('HDEL', control_table, field)
end
for i = 1, excess do
  redis.call('HDEL', control_table, ended[i])
end
for i = 1, #later, 2 do
  redis.call('HSET', control_table, later[i], later[i + 1])
end
publish(control_table, version + 1, stamp, channel)
return { FORMAT, version + 1, #later / 2 }
