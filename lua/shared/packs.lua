-- The packs of a subject lie under one key beside its counters, in a text: of each pack, in the order in which they are
-- used, `;<id> <meter> <left> <expires> <amount> <priority> <created> <a|x> <content>`: its units left, an instant
-- (shared/instant.lua) or `-` for none, the units it began with, when it was made, whether it is active or was
-- cancelled, and what a repetition of its making is compared by. The text begins with `+` where reservations may hold
-- units of them (shared/pack-holds.lua).
-- @include shared/instant.lua
-- @include shared/wrong-type.lua

-- One table: a script has at most 200 local variables.
local pack_store = {}

-- The key of the packs that stand in for the limits of a counter; nil for the key of another store's test.
function pack_store.key_beside(counter_key)
  local slot, others = string.match(counter_key, '^(.-}):[^~]*~[^:]*(.*)$')
  return slot and slot .. ':!packs' .. others
end

-- The packs under a key, none where there is nothing; nil for a wrong-type key.
function pack_store.read(key)
  local stored = redis.pcall('GET', key)
  if is_wrong_type(stored) then return nil end
  local pattern = '^;(%S+) (%S+) (%d+) (%S+) (%d+) (%d+) (%S+) ([ax]) (%S+)$'
  local packs = { has_holds = stored and string.byte(stored) == 43 }
  for line in string.gmatch(stored or '', ';[^;]+') do
    local id, meter, left, expires, amount, priority, created, state, content = string.match(line, pattern)
    if not id then return nil end
    packs[#packs + 1] = {
      id = id,
      meter = meter,
      left = tonumber(left),
      expires_text = expires,
      expires = expires == '-' and math.huge or instant_of(expires),
      amount = amount,
      priority = tonumber(priority),
      created = created,
      state = state,
      content = content,
    }
  end
  return packs
end

function pack_store.text_of(packs)
  local texts = { packs.has_holds and '+' or '' }
  for i, p in ipairs(packs) do
    local units = digits_of(p.left) .. ' ' .. p.expires_text .. ' ' .. p.amount
    local rest = digits_of(p.priority) .. ' ' .. p.created .. ' ' .. p.state .. ' ' .. p.content
    texts[i + 1] = ';' .. p.id .. ' ' .. p.meter .. ' ' .. units .. ' ' .. rest
  end
  return table.concat(texts)
end

-- Writes what is left of packs; they live as long as they did.
function pack_store.write_left(key, packs) redis.call('SET', key, pack_store.text_of(packs), 'KEEPTTL') end
