-- What a check needs that has no room in its windows.
-- @include shared/pack-takes.lua
return { draw = draw_on_packs, packed = packed, count = count_drawn }
