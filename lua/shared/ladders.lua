-- A ladder is what all counters of a rule have in common while its windows last: of each limit its field, its
-- max, whether it enforces, and the bounds of the window that is expected and of the one after it.
-- As an argument: limits with commas between, each `field max enforced(1|0) starts next after`; ladders are parted by
-- semicolons. A field is one letter. Instants are ms to the base 36: shorter to keep, and faster to read. They may be
-- negative: windows of 1970 begin before it, and so does the clock of a server that has not been set yet.
local LIMIT = '^(%a) (%d+) ([01]) (%-?[0-9a-z]+) (%-?[0-9a-z]+) (%-?[0-9a-z]+)([,;]?)()'

local function instant_of(text)
  if string.byte(text) == 45 then return -tonumber(string.sub(text, 2), 36) end
  return tonumber(text, 36)
end

local function bound(text)
  local number = instant_of(text)
  if number > MAX_INTEGER or number < -MAX_INTEGER then fail('an instant', text) end
  return number
end

-- Which of the two windows holds an instant; false when none does.
local function pick_at(instant, this, next, after)
  return (instant >= this and instant < next and 0) or (instant >= next and instant < after and 1)
end

-- Starts stay texts too, as counters hold them: comparing texts is faster, and no number is formatted. A table whose
-- fields are all given at once is made once.
local function read_limit(field, max, enforced, this_text, next_text, after_text)
  local this, next, after, most = bound(this_text), bound(next_text), bound(after_text), integer(max)
  return {
    field = field,
    max = enforced == '1' and most or math.huge,
    pick = pick_at(now, this, next, after),
    this = this,
    next = next,
    after = after,
    this_text = this_text,
    next_text = next_text,
  }
end

local function start_of(limit, pick) return pick == 0 and limit.this or limit.next end

local function start_text_of(limit, pick) return pick == 0 and limit.this_text or limit.next_text end

local function new_ladder()
  return {
    false,
    false,
    size = 0,
    moved = false,
    expires_in = 0,
    heads = false,
    latest = 0,
    latest_text = '',
    pattern = '',
  }
end

local function read_ladders(text)
  local ladders, ladder, lives, at = {}, new_ladder(), 0, 1
  repeat
    local field, max, enforced, this, next, after, mark, rest = string.match(text, LIMIT, at)
    if not field then fail('a limit', string.sub(text, at)) end
    local limit = read_limit(field, max, enforced, this, next, after)
    lives, at = math.max(lives, limit.after - now + margin), rest
    ladder.moved = ladder.moved or not limit.pick
    ladder.size = ladder.size + 1
    ladder[ladder.size] = limit
    if mark ~= ',' then
      ladder.expires_in = lives
      ladders[#ladders + 1], ladder, lives = ladder, new_ladder(), 0
    end
  until mark == ''
  if at <= #text then fail('the end of the ladders', string.sub(text, at)) end
  return ladders
end

local ladders = read_ladders(ARGV[2] or '')
