-- What scripts of reservations and refunds need where packs give.
-- @include shared/pack-overdraws.lua
-- @include shared/pack-exchange.lua
-- @include shared/pack-extensions.lua
-- @include shared/pack-reserves.lua
-- @include shared/pack-returns.lua
return {
  change = pack_store.change,
  draw = draw_on_packs,
  draw_for_more = draw_on_packs_for_more,
  end_parts = end_parts,
  extend = extend_parts,
  given_by = pack_store.given_by,
  hold = hold_drawn,
  join = join_parts,
  overdraw = overdraw,
  parts_of = pack_store.parts_of,
  return_to = return_to_packs,
  words = words_of_drawn,
}
