-- A reservation as answers say it.
-- @include shared/reservation-record.lua

-- As an answer says it: state (`e`: expired), what its expiry does and whether it was late in one word; when it was
-- taken, when it expires, until when it is remembered; what it held, and what was committed.
local function words_of_reservation(r, now)
  local times = r.at_text .. ' ' .. r.expires_text .. ' ' .. r.until_text
  local state = has_expired(r, now) and 'e' or r.state
  return ' ' .. state .. r.on_expiry .. r.late .. ' ' .. times .. ' ' .. held_word(r) .. ' ' .. r.committed
end
