-- The log of the book is a sorted set by version: of each of the latest writings `s<stamp>`, of each rule they
-- changed or removed `r<id>` at the latest of them. It is of use while it ends with the writing that the book
-- names: a book that was set back, or edited by hand, has none.
local MOST_LOGGED = 1000

-- Whether it leads from this writing to the book as it is: the caller knows what the rest of the log does not tell.
local function is_logged(log, version, stamp)
  local at = redis.call('ZSCORE', log, 's' .. stamp)
  return at and tonumber(at) == version
end

-- Whether it ends with the writing that the book names.
local function is_complete(log, version, stamp)
  return is_logged(log, version, stamp)
    and redis.call('ZCOUNT', log, string.format('(%.0f', version), '+inf') == 0
end

-- Adds a writing and the rules it changed, and forgets the oldest ones.
local function append_log(log, version, stamp, ids)
  redis.call('ZADD', log, version, 's' .. stamp)
  for _, id in ipairs(ids) do
    redis.call('ZADD', log, version, 'r' .. id)
  end
  redis.call('ZREMRANGEBYRANK', log, 0, -MOST_LOGGED - 1)
end

-- Begins a log where there is none of use: with the writing that the next one follows.
local function ensure_log(log, version, stamp)
  if is_complete(log, version, stamp) then return end
  redis.call('DEL', log)
  append_log(log, version, stamp, {})
end
