-- A ladder is what all counters of a rule have in common while its windows last: of each limit its field, its
-- max, whether it enforces, and the bounds of the window that is expected and of the one after it.
-- ARGV: how many limits, then of each: field, max, enforced (1|0), starts, next, after (ms)
local function read_ladder()
  local ladder = { fields = {}, limits = {}, expires_in = 0 }
  for i = 1, integer() do
    local limit = { field = word(), max = integer(), enforced = word() == '1' }
    limit.bounds = { integer(), integer(), integer() }
    if now >= limit.bounds[1] and now < limit.bounds[2] then limit.pick = 0 end
    if now >= limit.bounds[2] and now < limit.bounds[3] then limit.pick = 1 end
    ladder.moved = ladder.moved or not limit.pick
    ladder.expires_in = math.max(ladder.expires_in, limit.bounds[3] - now + margin)
    ladder.fields[2 * i - 1], ladder.fields[2 * i] = limit.field .. '@', limit.field
    ladder.limits[i] = limit
  end
  return ladder
end
