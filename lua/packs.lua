-- Adds a pack to those of a subject, cancels one, or looks at them. Adding may be repeated.
--
-- KEYS[1] packs (shared/packs.lua)
-- ARGV[1] call header (shared/call-header.lua); packs are kept `remember` ms longer than they last
-- ARGV[2] add | cancel | look, and for the first two the pack's id
-- ARGV[3] of `add`: `<meter> <amount> <expires> <priority> <content>` (shared/packs.lua)
-- Returns one text of words separated by spaces: format, now (ms), the outcome: added | replayed | conflict |
--         too-many | cancelled | not-found | found | wrong-type, and the packs as they are now
--[[ Sample
# Pack `p1` of a subject that has none is to give 50 units, without an end.
redis-cli --eval <(node scripts/print-lua.mjs packs) '{ocr:user=u1}:!packs' , '2 0 86400000 0' 'add p1' \
  'units 50 - 100 content' | cut -d ' ' -f 1,3-9
#> "2 added ;p1 units 50 - 50 100
# Format 2, added; 50 units are left of it, of 50, and its priority is 100.
]]
-- @include shared/call-header.lua
-- @include shared/pack-changes.lua
local key, argv = KEYS[1], ARGV
local now, remember_ms = read_call_header(argv[1])
local change = read_pack_change(argv[2], argv[3])

local packs, outcome = pack_store.read_now(key, now), 'wrong-type'
if packs then
  local has_changed
  outcome, has_changed = change_packs(packs, change, now)
  if has_changed then write_packs(key, packs, now, remember_ms) end
end
return FORMAT .. ' ' .. digits_of(now) .. ' ' .. outcome .. ' ' .. pack_store.text_of(packs or {})
