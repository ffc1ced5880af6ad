-- Which reservation is meant that was taken at an instant.
-- @include shared/instant.lua
-- @include shared/reservation-record.lua

-- Whether a reservation is the one that was taken at an instant. Several attempts of an operation may have been
-- answered that they took it, each at its instant: without the store, or by a store that has lost its data since.
-- They mean one reservation, unless the id was free between them.
local function is_of(r, at_text)
  return r.at_text == at_text or not has_attempt(r.attempts, FREED) or instant_of(at_text) > r.at
end
