-- The identity of a settlement of a reservation: `;<last character of the operation id> <content> <attempt> <until>
-- <reference> <at> <expires> <decided> <r|c><d|l|-><f|-> <meters>`: until when the store remembers it at least, what
-- names its holds, when it was taken, when it expires and when the settlement was decided (shared/instant.lua), whether
-- its expiry releases or commits, whether a node had decided it (`d`) or the store, which may have lost it since
-- (`l`) or not (`-`), whether another shard has said when it was taken (`f`), and the meters that a commit or an
-- extension names. Behind the content is what packs gave.
-- @include shared/instant.lua
-- @include shared/named-meters.lua
local SETTLED_HOLD = '^(;%S )(%S+) (%S+) (%-?[0-9a-z]+) (%S+) (%-?[0-9a-z]+) (%-?[0-9a-z]+) '
  .. '(%-?[0-9a-z]+) ([rc])([dl%-])([f%-]) ([^ ]+)$'
local HOLD_INTENTS = { hold = true, commit = true, release = true, void = true }

local function read_settled_hold(text, now, remember_ms)
  local words = { string.match(text, SETTLED_HOLD) }
  if not words[1] then fail('an identity', text) end
  local content, packs = string.match(words[2], '^([^!]+)!?(.*)$')
  local expires, decided = instant_argument(words[7]), instant_argument(words[8])
  assert_named_meters(words[12])
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
    is_lost = words[10] == 'l',
    follows = words[11] == 'f',
    meters = words[12],
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
