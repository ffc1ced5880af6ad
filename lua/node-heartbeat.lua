-- Registers that a node lives and which version of the rules it applies, and answers the stored version: its poll.
-- The node registry is one hash: node id = `<last seen, ms of this store's clock>:<applied version>`.
--
-- KEYS[1] the rule table (shared/rule-table.lua)   KEYS[2] the node registry
-- ARGV    format, node id, applied (version, 0 for none), wanted (version to count the nodes of),
--         lifetime (ms after which a silent node is dead)
-- Returns format, version, stamp (0 and '' where no rules are stored), live nodes, rank of this one among the
--         live ids in order (from 0), live nodes that apply the wanted version or a later one
--
-- A registry of more than MAX_NODES is not one that nodes made: the script drops it, and answers that MAX_NODES live
-- and that this node comes last, so that policy `local` allows least until the next heartbeat.
--[[ Sample
# Node `n1` applies version 7, which is stored, and asks how many nodes apply it.
redis-cli HSET table version 7 stamp c7
#> (integer) 2
redis-cli --eval <(node scripts/print-lua.mjs node-heartbeat) table nodes , 1 n1 7 7 5000
#> 1) "1"
#> 2) (integer) 7
#> 3) "c7"
#> 4) (integer) 1
#> 5) (integer) 0
#> 6) (integer) 1
# Format 1; version 7 and its stamp; one node lives, this one is the first of them, and one applies version 7.
]]
-- @include shared/rule-table.lua
local rule_table, registry = KEYS[1], KEYS[2]
local format, node, applied, wanted, lifetime_ms = unpack(ARGV, 1, 5)
check_arguments(format, #ARGV, 5)
applied, wanted, lifetime_ms = whole_number(applied), whole_number(wanted), whole_number(lifetime_ms)

local version, stamp = stored_version(rule_table)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Reading as many takes 1.5 ms, in which this Redis does nothing else.
local MAX_NODES = 1024
local is_flooded = redis.call('HLEN', registry) > MAX_NODES
-- DEL would take 60 ms for 200,000 of them.
if is_flooded then redis.call('UNLINK', registry) end
redis.call('HSET', registry, node, string.format('%d:%d', now, applied))
redis.call('PEXPIRE', registry, 10 * lifetime_ms)
if is_flooded then return { FORMAT, version, stamp, MAX_NODES, MAX_NODES - 1, 0 } end
local live, rank, current = 0, 0, 0
-- Bounded by MAX_NODES; every heartbeat removes the dead nodes.
local entries = redis.call('HGETALL', registry)
for i = 1, #entries, 2 do
  local id, seen, has = entries[i], string.match(entries[i + 1], '^(%d+):(%d+)$')
  -- Nor does a node live that was seen long after now: no node has written that.
  if not seen or math.abs(now - tonumber(seen)) > lifetime_ms then
    redis.call('HDEL', registry, id)
  else
    live = live + 1
    if id < node then rank = rank + 1 end
    if tonumber(has) >= wanted then current = current + 1 end
  end
end
return { FORMAT, version, stamp, live, rank, current }
