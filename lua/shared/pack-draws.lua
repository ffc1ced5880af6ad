-- What a check takes from packs where its limits have no room: of each meter what the fullest limit lacks, so that what
-- is left fits in all of them. The packs of one subject stand in for a meter; a limit of another subject must have
-- room for all.
-- @include shared/group-amounts.lua
-- @include shared/meters.lua
-- @include shared/pack-holds.lua

-- The meters that lack units, in the order of their limits and by name, each with how many and with the key of the
-- packs; nil where packs can't stand in.
local function lacking_meters(keys, key, group, held, used)
  local lacking, position = {}, 0
  for c = 1, group.size do
    local own_set, windows = group[c], held[c]
    if type(windows) == 'table' then own_set = slow_path().with_override(keys[key + c], windows, own_set) end
    for i = 1, own_set.size do
      position = position + 1
      local limit, amount = own_set[i], amount_at(group, position)
      local lack = math.min(amount, used[position] + amount - limit.max)
      if lack > 0 then
        local meter, packs_key = meter_of(limit.field), pack_store.key_beside(keys[key + c])
        local known = lacking[meter]
        if not packs_key or limit.field == CONCURRENT then return nil end
        if known and known.key ~= packs_key then return nil end
        if not known then
          known = { meter = meter, key = packs_key, units = 0 }
          lacking[#lacking + 1], lacking[meter] = known, known
        end
        known.units = math.max(known.units, lack)
      end
    end
  end
  return lacking
end

-- Takes what a meter lacks from its packs, and notes of each what it gave. False where they have less.
local function draw_on(packs, lack, now, drawn)
  local rest = lack.units
  for _, pack in ipairs(packs) do
    local units = pack.meter == lack.meter and pack.expires > now and math.min(pack.left, rest) or 0
    if units > 0 then
      pack.left, rest = pack.left - units, rest - units
      local count = #drawn.parts + 1
      drawn.parts[count] = pack.id .. '/' .. pack.meter .. '/' .. text_of_instant(units)
      drawn.words[count] = ' '
        .. pack.id
        .. ' '
        .. pack.meter
        .. ' '
        .. digits_of(units)
        .. ' '
        .. digits_of(pack.left)
    end
  end
  return rest == 0
end

-- What a check takes from packs; nil where they don't have it. Nothing is written.
local function draw_on_packs(keys, key, group, held, used, now)
  local lacking = lacking_meters(keys, key, group, held, used)
  if not lacking then return nil end
  local drawn = { parts = {}, words = {}, packs = {}, lacking = lacking }
  for _, lack in ipairs(lacking) do
    local packs = drawn.packs[lack.key] or pack_store.read_now(lack.key, now)
    if not packs or not draw_on(packs, lack, now, drawn) then return nil end
    drawn.packs[lack.key] = packs
  end
  return drawn
end
