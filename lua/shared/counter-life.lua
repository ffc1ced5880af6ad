-- How long a counter lives, and how it is written: expiry is housekeeping, and never decides a window.
-- What PTTL says of a key that never expires.
local LIVES_FOR_EVER = -1

-- How much later than others a counter expires, up to half of the margin: the windows of a time zone end at one
-- instant, and Redis pauses where many keys expire at one instant. It is derived from the key: equal in every script.
local function spread_of(key, margin_ms)
  return tonumber(string.sub(redis.sha1hex(key), 1, 8), 16) % math.max(1, math.floor(margin_ms / 2))
end

-- How long a counter lives in which a window opens; nil: as long as it does, for ever. One that live holds or an
-- override need does not live shorter.
local function ttl_of(key, limit_set, is_needed)
  local ttl_ms = limit_set.expires_in_ms + spread_of(key, limit_set.margin_ms)
  if not is_needed then return ttl_ms end
  local left_ms = redis.call('PTTL', key)
  return left_ms ~= LIVES_FOR_EVER and math.max(ttl_ms, left_ms) or nil
end

-- Keeps the TTL unless a window opens.
local function write_counter(key, text, limit_set, opens, is_needed)
  local ttl_ms = opens and ttl_of(key, limit_set, is_needed)
  if ttl_ms then
    redis.call('SET', key, text, 'PX', string.format('%d', ttl_ms))
  else
    redis.call('SET', key, text, 'KEEPTTL')
  end
end
