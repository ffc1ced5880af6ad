-- A ladder is what all counters of a rule have in common while its windows last: of each limit its field, its
-- max, whether it enforces, and the bounds of the window that is expected and of the one after it.
-- ARGV: how many limits, then of each: field, max, enforced (1|0), starts, next, after (ms)
-- Starts stay texts, as counters hold them: comparing texts is faster, and no number is formatted twice.

-- Windows of 1970 begin before it: so does the clock of a server that has not been set yet.
local function instant() return integer(-MAX_INTEGER) end

local function read_ladder()
  local ladder = { fields = {}, starts = {}, latest = -math.huge, size = integer(), expires_in = 0 }
  for i = 1, ladder.size do
    local field, max, enforced = word(), integer(), flag()
    local this_text, this, next_text, next, after =
      ARGV[cursor + 1], instant(), ARGV[cursor + 1], instant(), instant()
    local pick = (now >= this and now < next and 0) or (now >= next and now < after and 1)
    ladder.moved = ladder.moved or not pick
    if pick then ladder.latest = math.max(ladder.latest, pick == 0 and this or next) end
    ladder.expires_in = math.max(ladder.expires_in, after - now + margin)
    ladder.fields[2 * i - 1], ladder.fields[2 * i] = field .. '@', field
    ladder.starts[i] = { [0] = this_text, [1] = next_text }
    ladder[i] = { max = enforced and max or math.huge, pick = pick, ends = { [0] = next, [1] = after } }
  end
  return ladder
end
