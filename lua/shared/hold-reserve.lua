-- How a reserve is held, in part from packs where its limits have no room.
-- @include shared/hold-take.lua
-- @include shared/reservation-words.lua
-- @when-needed held_packs shared/held-packs.lua

-- `state` is that of `hold_units`, and what packs give. Returns the outcome, and what the answer says of it.
local function hold_reserve(keys, key, state, reservation, now)
  local drawn = state[5]
  if drawn then state[1] = held_packs().hold(keys, key, state[1], drawn, reservation, now) end
  reservation.windows = hold_units(keys, key, state, reservation, now)
  local words = words_of_reservation(reservation, now)
  if drawn then return 'packed', words .. held_packs().words(drawn) end
  return 'taken', words
end
