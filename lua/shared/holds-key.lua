-- Where the holds of a counter lie (shared/holds.lua): under its key and this.
local HOLDS = '!holds'
