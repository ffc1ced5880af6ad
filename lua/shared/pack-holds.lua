-- A reservation holds what it takes of packs until it ends. Where there are such holds, a sorted set lies beside the
-- packs, under their key and `!holds`: the scores are when they expire (ms), a member is `<reference> <r|c> <parts>`:
-- whose it is, whether its expiry gives back or not, and what it took (shared/pack-parts.lua).
-- @include shared/pack-parts.lua
local MAX_DUE_OF_PACKS = 1000

-- The packs under a key, after the holds that are due have ended.
function pack_store.read_now(key, now)
  local packs = pack_store.read(key)
  if not packs or not packs.has_holds then return packs end
  local beside, until_now = key .. '!holds', string.format('%d', now)
  local due = redis.pcall('ZRANGEBYSCORE', beside, '-inf', until_now, 'LIMIT', 0, MAX_DUE_OF_PACKS)
  if is_wrong_type(due) then return nil end
  for _, member in ipairs(due) do
    local on_expiry, text = string.match(member, '^%S+ ([rc]) (.*)$')
    local parts = pack_store.parts_of(on_expiry == 'r' and text or '')
    for _, pack in ipairs(packs) do
      local part = pack_store.part_of(parts, pack.id)
      pack.left = math.min(pack.left + (part and part.units or 0), MAX_INTEGER)
    end
  end
  if due[1] then
    redis.call('ZREM', beside, unpack(due))
    packs.has_holds = redis.call('ZCARD', beside) > 0
    pack_store.write_left(key, packs)
  end
  return packs
end
