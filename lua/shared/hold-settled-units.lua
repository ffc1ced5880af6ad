-- What a reservation counts that was decided without the store, or that the store has lost since.
-- @include shared/group-amounts.lua
-- @include shared/limit-set.lua
-- @include shared/meters.lua

-- Of a limit: how many units are counted now, how many of them are held, and how many its entry says.
local function units_of_limit(state, limit, position, meters, now)
  local group, identity = state[1], state[3]
  local is_concurrent = limit.field == CONCURRENT
  local units, is_over = amount_at(group, position), identity.expires <= now
  if not is_concurrent then units = math.max(units - (identity.given[meter_of(limit.field)] or 0), 0) end
  local is_left = is_over and identity.on_expiry == 'c' and not is_concurrent
  if group.intent ~= 'hold' then
    -- Until then the store would know it, had it not lost it.
    local left = is_left and identity.was_counted and now >= identity.ends and units or 0
    local meter = meter_of(limit.field)
    local named = group.intent == 'commit' and not is_concurrent and meters[meter] or 0
    local committed = math.max(named - (identity.given[meter] or 0), 0)
    return committed - left, 0, committed
  end
  if not is_over then return units, units, units end
  return is_left and units or 0, 0, units
end
