-- A ladder is what all counters of a rule have in common while its windows last: of each limit its field, its
-- max, whether it enforces, and the bounds of the window that is expected and of the one after it.
-- As an argument: a list of limits, each [field, max, enforced (1|0), starts, next, after (ms)]
-- Starts become texts, as counters hold them: comparing texts is faster, and no number is formatted twice.

-- Windows of 1970 begin before it, and so does the clock of a server that has not been set yet.
local EARLIEST = -MAX_INTEGER

local function read_ladder(limits)
  local ladder = { fields = {}, starts = {}, latest = -math.huge, size = #list(limits), expires_in = 0 }
  for i = 1, ladder.size do
    local field, max, enforced, this, next, after = unpack(list(limits[i], 6))
    if enforced ~= 0 and enforced ~= 1 then fail('0 or 1', enforced) end
    text(field)
    integer(max)
    integer(this, EARLIEST)
    integer(next, EARLIEST)
    integer(after, EARLIEST)
    local pick = (now >= this and now < next and 0) or (now >= next and now < after and 1)
    ladder.moved = ladder.moved or not pick
    if pick then ladder.latest = math.max(ladder.latest, pick == 0 and this or next) end
    ladder.expires_in = math.max(ladder.expires_in, after - now + margin)
    ladder.fields[2 * i - 1], ladder.fields[2 * i] = field .. '@', field
    ladder.starts[i] = { [0] = digits(this), [1] = digits(next) }
    ladder[i] = { max = enforced == 1 and max or math.huge, pick = pick, ends = { [0] = next, [1] = after } }
  end
  return ladder
end
