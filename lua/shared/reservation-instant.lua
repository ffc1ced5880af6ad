-- Which reservation is meant that was taken at an instant.
-- @include shared/instant.lua
-- @include shared/reservation-record.lua

-- Whether a reservation is the one that was taken at an instant. Several attempts of an operation may have been
-- answered that they took it, each at its instant: without the store, or by a store that has lost its data since.
-- They mean one reservation, unless the id was free between them: the record says so as long as the one before it is
-- remembered, and what is forgotten was taken longer ago than that.
local function is_of(r, at_text, remember_ms)
  if r.at_text == at_text then return true end
  local at, freed = instant_of(at_text), has_attempt(r.attempts, FREED)
  return at > r.at or not freed and at > r.at - remember_ms
end
