-- How packs are added and cancelled.
-- @include shared/pack-holds.lua
local MAX_PACKS = 100
local CHANGE = '^(%l+) ?(%S*)$'
local ADDED = '^([^ ;]+) (%d+) (%S+) (%d+) ([^ ;]+)$'

-- What a call does.
local function read_pack_change(text, added)
  local kind, id = string.match(text or '', CHANGE)
  if kind == 'look' then return { kind = kind } end
  if kind ~= 'add' and kind ~= 'cancel' or id == '' then fail('a change of packs', text) end
  local change = { kind = kind, id = id }
  if kind == 'cancel' then return change end
  local meter, amount, expires, priority, content = string.match(added or '', ADDED)
  if not meter then fail('a pack', added) end
  change.meter, change.amount, change.left = meter, amount, integer(amount)
  change.priority, change.content, change.expires_text = integer(priority), content, expires
  change.expires = expires == '-' and math.huge or instant_argument(expires)
  return change
end

-- Packs live as long as the last of them can be used, and then while operations that took from it are remembered.
local function write_packs(key, packs, now, remember_ms)
  local latest = now
  for _, pack in ipairs(packs) do
    latest = math.max(latest, pack.expires)
  end
  if latest == math.huge then
    redis.call('SET', key, pack_store.text_of(packs))
  else
    redis.call('SET', key, pack_store.text_of(packs), 'PX', string.format('%d', latest - now + remember_ms))
  end
end

-- Whether there is room for another one: the first that gives nothing any more makes it.
local function make_room(packs, now)
  if #packs < MAX_PACKS then return true end
  for i, pack in ipairs(packs) do
    if pack.left == 0 or pack.expires <= now then return table.remove(packs, i) ~= nil end
  end
  return false
end

local function is_used_before(pack, other)
  if pack.priority ~= other.priority then return pack.priority < other.priority end
  return pack.expires <= other.expires
end

local function add_pack(packs, pack, now)
  if not make_room(packs, now) then return 'too-many', false end
  pack.created, pack.state = text_of_instant(now), 'a'
  local at = 1
  while packs[at] and is_used_before(packs[at], pack) do
    at = at + 1
  end
  table.insert(packs, at, pack)
  return 'added', true
end

-- Does it. Returns the outcome, and whether anything has changed.
local function change_packs(packs, change, now)
  if change.kind == 'look' then return 'found', false end
  for _, pack in ipairs(packs) do
    if pack.id == change.id and change.kind == 'add' then
      return pack.content == change.content and 'replayed' or 'conflict', false
    elseif pack.id == change.id then
      local is_live = pack.state == 'a' and pack.expires > now
      if is_live then
        pack.state, pack.expires_text, pack.expires = 'x', text_of_instant(now), now
      end
      return 'cancelled', is_live
    end
  end
  if change.kind == 'cancel' then return 'not-found', false end
  return add_pack(packs, change, now)
end
