-- A group is a run of settlements that have all but their keys and identities in common.
-- As an argument: groups separated by semicolons, each `settlements intent amounts indexes limit-set …`: how many
-- settlements there are, the intent, what each takes (shared/group-amounts.lua), of each limit the index of the
-- window it was decided in (0|1, without spaces), and of each counter the position of its limit set (from 1), or 0 for
-- none, where its rule is gone.
-- The identity of a settlement is `;<last character of the operation id> <content> <attempt> <until>`: the start of
-- its record (shared/operation-record.lua), and until when the store remembers it at least.
-- @include shared/group-amounts.lua
-- @include shared/instant.lua
-- @include shared/limit-set-positions.lua
local SETTLEMENT_GROUP = '^(%d+) (%a+) (%d+)([%d,]*) ([01]*)([ %d]+)(;?)()'
local SETTLEMENT_IDENTITY = '^(;%S )(%S+) (%S+) (%-?[0-9a-z]+)$'

-- `is_of_now`: it counts in the windows of now, of every limit some, so that the fast path reads and writes its
-- counters.
local function read_settlement_group(limit_sets, settlements, intent, amount, more, indexes, positions)
  local group = { false, settlements = integer(settlements), intent = intent, indexes = indexes, size = 0 }
  read_amounts(group, amount, more, #indexes)
  group.is_of_now = intent == 'count'
  local limit_count, position = add_limit_sets(group, positions, limit_sets, NO_LIMITS), 0
  for c = 1, group.size do
    for l = 1, group[c].size do
      position = position + 1
      local index = tonumber(string.sub(indexes, position, position))
      local limit = group[c][l]
      local is_in_it = limit.index == index and amount_at(group, position) > 0 and not limit.ends_field
      group.is_of_now = group.is_of_now and is_in_it
    end
  end
  if group.size == 0 or group.settlements == 0 then fail('a group', positions) end
  if #indexes ~= limit_count then fail('window indexes', indexes) end
  return group
end

-- `counts` are how many keys and identities the call has; a call that has more or fewer than its groups is refused,
-- and so is one with another intent than those that the command has.
local function read_settlement_groups(text, limit_sets, intents, counts)
  local groups, keys, identities, at = {}, 0, 0, 1
  text = text or ''
  repeat
    local size, intent, amount, more, indexes, positions, separator, rest =
      string.match(text, SETTLEMENT_GROUP, at)
    if not size or not intents[intent] then fail('a group', string.sub(text, at)) end
    local group = read_settlement_group(limit_sets, size, intent, amount, more, indexes, positions)
    groups[#groups + 1], at = group, rest
    identities, keys = identities + group.settlements, keys + group.settlements * (1 + group.size)
  until separator == ''
  if at <= #text then fail('the end of the groups', string.sub(text, at)) end
  if keys ~= counts.keys then fail('the right number of keys', counts.keys) end
  if identities ~= counts.identities then fail('the right number of identities', counts.identities) end
  return groups
end

local function read_settlement_identity(text, now)
  local prefix, content, attempt, until_text = string.match(text, SETTLEMENT_IDENTITY)
  if not prefix then fail('an identity', text) end
  return {
    prefix = prefix,
    content = content,
    attempt = attempt,
    until_text = until_text,
    lives_ms = math.max(1, instant_argument(until_text) - now),
  }
end

-- The identities of a call, from argument `first` on.
local function read_settlement_identities(argv, first, now)
  local identities = {}
  for i = first, #argv do
    identities[#identities + 1] = read_settlement_identity(argv[i], now)
  end
  return identities
end
