-- The change log of a rule table is a sorted set by version: `s<stamp>` of each of the latest writes, and `r<id>` of
-- each rule, at the latest write that changed or removed it. It is complete while its last entry is the write that
-- the rule table names; a table that was restored to an earlier state or edited by hand has no complete log.
local MAX_ENTRIES = 1000

-- Whether a write is in the log: a node that has its rules lacks only what the rest of the log names.
local function is_logged(log, version, stamp)
  local at = redis.call('ZSCORE', log, 's' .. stamp)
  return at and tonumber(at) == version
end

-- Whether the log ends with the write that the rule table names.
local function is_complete(log, version, stamp)
  return is_logged(log, version, stamp)
    and redis.call('ZCOUNT', log, string.format('(%.0f', version), '+inf') == 0
end

-- Adds a write and the rules it changed, and removes the oldest entries.
local function append_to_log(log, version, stamp, ids)
  redis.call('ZADD', log, version, 's' .. stamp)
  for _, id in ipairs(ids) do
    redis.call('ZADD', log, version, 'r' .. id)
  end
  redis.call('ZREMRANGEBYRANK', log, 0, -MAX_ENTRIES - 1)
end

-- Starts a log where none is complete, with the write that the next one follows.
local function ensure_log(log, version, stamp)
  if is_complete(log, version, stamp) then return end
  redis.call('DEL', log)
  append_to_log(log, version, stamp, {})
end

-- The ids of the rules that were changed or removed after a version. Bounded by MAX_ENTRIES.
local function changed_since(log, version)
  local ids = {}
  local entries = redis.call('ZRANGE', log, string.format('(%.0f', version), '+inf', 'BYSCORE')
  for _, entry in ipairs(entries) do
    if string.sub(entry, 1, 1) == 'r' then ids[#ids + 1] = string.sub(entry, 2) end
  end
  return ids
end
