-- Says that a node lives and which version of the rules it applies, and tells it the stored one: its poll.
-- The register of nodes is one hash: node id = `<seen at, ms of this store's clock>:<applied version>`.
--
-- KEYS[1] the book (shared/book.lua)   KEYS[2] the register
-- ARGV    format, node id, applied (version, 0 for none), wanted (version to count the nodes of),
--         lifetime (ms after which a silent node is dead)
-- Returns format, version, stamp (0 and '' where no rules are stored), live nodes, rank of this one among the
--         live ids in order (from 0), live nodes that apply the wanted version or a later one
--
-- A register of more than MAX_NODES is not one that nodes made: it is dropped, and this beat says that MAX_NODES live
-- and that this one comes last, so that policy local gives least until the next beat.
-- @include shared/book.lua
local node, applied, wanted, lifetime = word(), integer(), integer(), integer()
if not finished() then error('SUNDIAL too many arguments') end
local version, stamp = stored_version()
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Reading as many takes 1.5 ms, in which this Redis does nothing else.
local MAX_NODES = 1024
local is_flooded = redis.call('HLEN', KEYS[2]) > MAX_NODES
-- DEL would take 60 ms for 200,000 of them.
if is_flooded then redis.call('UNLINK', KEYS[2]) end
redis.call('HSET', KEYS[2], node, string.format('%d:%d', now, applied))
redis.call('PEXPIRE', KEYS[2], 10 * lifetime)
if is_flooded then return { FORMAT, version, stamp, MAX_NODES, MAX_NODES - 1, 0 } end
local live, rank, current = 0, 0, 0
-- Bounded by MAX_NODES; every beat removes the dead ones.
local register = redis.call('HGETALL', KEYS[2])
for i = 1, #register, 2 do
  local seen, has = string.match(register[i + 1], '^(%d+):(%d+)$')
  -- Nor does one live that was seen long after now: no node has written that.
  if not seen or math.abs(now - tonumber(seen)) > lifetime then
    redis.call('HDEL', KEYS[2], register[i])
  else
    live = live + 1
    if register[i] < node then rank = rank + 1 end
    if tonumber(has) >= wanted then current = current + 1 end
  end
end
return { FORMAT, version, stamp, live, rank, current }
