-- The identity of a settlement of a reservation: `;<last character of the operation id> <content> <attempt> <until>
-- <reference> <at> <expires> <decided> <r|c><d|l|-> <meters>`: until when the store remembers it at least, what names
-- its holds, when it was taken, when it expires and when the settlement was decided (shared/instant.lua), whether
-- its expiry releases or commits, whether a node had decided it (`d`) or the store, which may have lost it since
-- (`l`) or not (`-`), and the meters that a commit or an extension names. Behind the content is what packs gave.
-- @include shared/endings.lua
-- @include shared/hold-end.lua
-- @include shared/settlement-record.lua
local SETTLED_HOLD = '^(;%S )(%S+) (%S+) (%-?[0-9a-z]+) (%S+) (%-?[0-9a-z]+) (%-?[0-9a-z]+) '
  .. '(%-?[0-9a-z]+) ([rc])([dl%-]) ([^ ]+)$'
local HOLD_INTENTS = { hold = true, commit = true, release = true, void = true }

local function read_settled_hold(text, now, remember_ms)
  local words = { string.match(text, SETTLED_HOLD) }
  if not words[1] then fail('an identity', text) end
  local content, packs = string.match(words[2], '^([^!]+)!?(.*)$')
  local expires, decided = instant_argument(words[7]), instant_argument(words[8])
  assert_named_meters(words[11])
  return {
    prefix = words[1],
    content = content,
    packs = packs ~= '' and packs or nil,
    attempt = words[3],
    at = instant_argument(words[6]),
    until_text = words[4],
    settled_ms = instant_argument(words[4]) - decided,
    lives_ms = math.max(1, instant_argument(words[4]) - now),
    reference = words[5],
    at_text = words[6],
    expires = expires,
    expires_text = words[7],
    ends = expires + remember_ms,
    decided = decided,
    is_late = decided >= expires,
    on_expiry = words[9],
    is_degraded = words[10] == 'd',
    was_counted = words[10] == '-',
    meters = words[11],
  }
end

-- Those of a call, from argument `first` on.
local function read_settled_holds(argv, first, now, remember_ms)
  local identities = {}
  for i = first, #argv do
    identities[#identities + 1] = read_settled_hold(argv[i], now, remember_ms)
  end
  return identities
end

-- When a reservation was released, by how long it is remembered from then on; -inf where its expiry did that.
local function released_at(r, identity, remember_ms)
  if r.state ~= 'r' then return -math.huge end
  local is_settled = r.ends > r.expires + remember_ms
  return r.ends - (is_settled and identity.settled_ms or remember_ms)
end

-- The reservation that is settled, as far as the store knows it; nil when it does not, and the outcome where the
-- record is another operation's. An attempt that was refused may have taken whatever is there, and a reservation that
-- a node had decided may be there by another attempt. A release frees the operation id for attempts after it; those
-- before it, which other nodes had decided, are released with it.
local function find_settled_hold(bucket, identity, intent, now, remember_ms)
  local gives_back = intent == 'void' or intent == 'release'
  local record = find_record(bucket, identity.prefix)
  if not record or note_voided(identity, record, now) then return nil end
  local r = is_of_other_kind(record) and read_reservation(record, now)
  if not r then
    local other = recall_counted(bucket, identity, now, remember_ms, 'count')
    if other and other ~= 'wrong-type' then other = gives_back and 'voided' or 'conflict' end
    return other
  end
  if r.ends <= now then return nil end
  if intent == 'void' or r.at_text == identity.at_text then return r end
  if is_free(r, now) then
    local is_before = identity.at <= released_at(r, identity, remember_ms)
    return is_before and intent ~= 'commit' and 'voided' or nil
  end
  if identity.is_degraded then return r end
  return gives_back and 'voided' or 'conflict'
end
