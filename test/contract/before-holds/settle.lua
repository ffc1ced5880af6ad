-- settle.lua as the version before reservations has it: nodes of both versions share one Redis during a deploy.
local MAX_INTEGER = 9007199254740991
local TEXT_OF = {}
local NUMBER_OF = { ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3 }
local function fail(what, value) error('SUNDIAL not ' .. what .. ': ' .. tostring(value)) end
local function integer(text)
  local number = tonumber(text)
  if not number or number > MAX_INTEGER or number < -MAX_INTEGER then
    fail('an integer, or out of range', text)
  end
  return number
end
local function digits_of(number)
  local known = TEXT_OF[number]
  if not known then
    known = string.format('%d', number)
    TEXT_OF[number] = known
  end
  return known
end
local function units_of(digits)
  local known = NUMBER_OF[digits]
  if not known then
    known = tonumber(digits)
    NUMBER_OF[digits] = known
  end
  return known
end
local FORMAT = '2'
local CALL_HEADER = '^(%d+) (%-?%d+) (%d+) (%d+)$'
local function read_call_header(text)
  local format, offset, remember, margin = string.match(text or '', CALL_HEADER)
  if format ~= FORMAT then fail('of a known format', text) end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000) + integer(offset)
  return now, integer(remember), integer(margin)
end
local BASE_36 = '0123456789abcdefghijklmnopqrstuvwxyz'
local MAX_INSTANT_LENGTH = 12
local MAX_DISTANCE_MS = 3155760000000
local function instant_of(text)
  if string.byte(text) == 45 then return -tonumber(string.sub(text, 2), 36) end
  return tonumber(text, 36)
end
local function instant_argument(text)
  local instant = instant_of(text)
  if instant > MAX_INTEGER or instant < -MAX_INTEGER then fail('an instant', text) end
  return instant
end
local function plausible_instant(text, now)
  if #text > MAX_INSTANT_LENGTH then return nil end
  local instant = instant_of(text)
  return math.abs(instant - now) <= MAX_DISTANCE_MS and instant or nil
end
local function text_of_instant(instant)
  local text, rest = '', math.abs(instant)
  repeat
    local digit = rest % 36
    text, rest = string.sub(BASE_36, digit + 1, digit + 1) .. text, (rest - digit) / 36
  until rest == 0
  return instant < 0 and '-' .. text or text
end
local LIMIT = '^(%a) (%d+) ([01]) (%-?[0-9a-z]+) (%-?[0-9a-z]+) (%-?[0-9a-z]+)([,;]?)()'
local function window_index_at(instant, current, next, after)
  return (instant >= current and instant < next and 0) or (instant >= next and instant < after and 1)
end
local function start_of(limit, index) return index == 0 and limit.current or limit.next end
local function start_text_of(limit, index) return index == 0 and limit.current_text or limit.next_text end
local function read_limit(now, field, max, enforced, current_text, next_text, after_text)
  local current, next = instant_argument(current_text), instant_argument(next_text)
  local after, most = instant_argument(after_text), integer(max)
  return {
    field = field,
    max = enforced == '1' and most or math.huge,
    index = window_index_at(now, current, next, after),
    current = current,
    next = next,
    after = after,
    current_text = current_text,
    next_text = next_text,
  }
end
local function new_limit_set(margin_ms)
  return {
    false,
    false,
    size = 0,
    expires_in_ms = 0,
    margin_ms = margin_ms,
    has_mismatch = false,
    prefixes = false,
    pattern = '',
    latest = 0,
    latest_text = '',
  }
end
local function expect_windows_of_now(set)
  local prefixes = { '', '' }
  for i = 1, set.size do
    local limit = set[i]
    local start_text = start_text_of(limit, limit.index)
    prefixes[i] = (i > 1 and ' ' or '') .. limit.field .. start_text .. '='
    if i == 1 or start_of(limit, limit.index) > set.latest then
      set.latest, set.latest_text = start_of(limit, limit.index), start_text
    end
  end
  set.prefixes = prefixes
  set.pattern = '^' .. string.gsub(table.concat(prefixes, '(%d+)', 1, set.size), '%-', '%%-') .. '(%d+)$'
end
local function read_limit_sets(text, now, margin_ms)
  local sets, set, at = {}, new_limit_set(margin_ms), 1
  text = text or ''
  repeat
    local field, max, enforced, current, next, after, separator, rest = string.match(text, LIMIT, at)
    if not field then fail('a limit', string.sub(text, at)) end
    local limit = read_limit(now, field, max, enforced, current, next, after)
    set.expires_in_ms, at = math.max(set.expires_in_ms, limit.after - now + margin_ms), rest
    set.has_mismatch = set.has_mismatch or not limit.index
    set.size = set.size + 1
    set[set.size] = limit
    if separator ~= ',' then
      if not set.has_mismatch then expect_windows_of_now(set) end
      sets[#sets + 1], set = set, new_limit_set(margin_ms)
    end
  until separator == ''
  if at <= #text then fail('the end of the limit sets', string.sub(text, at)) end
  return sets
end
local SETTLEMENT_GROUP = '^(%d+) (%a+) (%d+) ([01]+)([ %d]+)(;?)()'
local SETTLEMENT_IDENTITY = '^(;%S )(%S+) (%S+) (%-?[0-9a-z]+)$'
local function read_settlement_group(limit_sets, settlements, intent, amount, indexes, positions)
  if intent ~= 'count' and intent ~= 'void' then fail('an intent', intent) end
  local group = { false, settlements = integer(settlements), amount = integer(amount), intent = intent }
  group.indexes, group.size, group.is_of_now = indexes, 0, intent == 'count' and group.amount > 0
  local limit_count = 0
  for position in string.gmatch(positions, '%d+') do
    local limit_set = limit_sets[tonumber(position)]
    if not limit_set then fail('a limit set', position) end
    group.size = group.size + 1
    group[group.size] = limit_set
    for l = 1, limit_set.size do
      limit_count = limit_count + 1
      local index = tonumber(string.sub(indexes, limit_count, limit_count))
      group.is_of_now = group.is_of_now and limit_set[l].index == index
    end
  end
  if group.size == 0 or group.settlements == 0 then fail('a group', positions) end
  if #indexes ~= limit_count then fail('window indexes', indexes) end
  return group
end
local function read_settlement_groups(text, limit_sets, key_count, identity_count)
  local groups, keys, identities, at = {}, 0, 0, 1
  text = text or ''
  repeat
    local size, intent, amount, indexes, positions, separator, rest = string.match(text, SETTLEMENT_GROUP, at)
    if not size then fail('a group', string.sub(text, at)) end
    local group = read_settlement_group(limit_sets, size, intent, amount, indexes, positions)
    groups[#groups + 1], at = group, rest
    identities, keys = identities + group.settlements, keys + group.settlements * (1 + group.size)
  until separator == ''
  if at <= #text then fail('the end of the groups', string.sub(text, at)) end
  if keys ~= key_count then fail('the right number of keys', key_count) end
  if identities ~= identity_count then fail('the right number of identities', identity_count) end
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
local function read_settlement_identities(argv, first, now)
  local identities = {}
  for i = first, #argv do
    identities[#identities + 1] = read_settlement_identity(argv[i], now)
  end
  return identities
end
local function is_wrong_type(reply)
  if type(reply) ~= 'table' or not reply.err then return false end
  if string.find(reply.err, '^WRONGTYPE') then return true end
  error(reply.err)
end
local BUCKET = '^%+?;'
local function open_bucket(buckets, key)
  local stored = redis.pcall('GET', key)
  if is_wrong_type(stored) or stored and not string.find(stored, BUCKET) then return nil end
  local bucket = { stored = stored or '', written = {}, changed = false, lives_ms = 0 }
  buckets[key] = bucket
  return bucket
end
local function find_stored(bucket, prefix)
  local stored = bucket.stored
  local from = string.find(stored, prefix, 1, true)
  if not from then return nil end
  local after = string.find(stored, ';', from + 1, true) or #stored + 1
  bucket.stored = string.sub(stored, 1, from - 1) .. string.sub(stored, after)
  bucket.written[prefix] = string.sub(stored, from, after - 1)
  return bucket.written[prefix]
end
local function find_record(bucket, prefix)
  return bucket.written[prefix] or bucket.stored ~= '' and find_stored(bucket, prefix)
end
local function write_record(bucket, prefix, record, lives_ms)
  bucket.written[prefix], bucket.changed = record, true
  if lives_ms and lives_ms > bucket.lives_ms then bucket.lives_ms = lives_ms end
end
local function write_bucket(key, bucket)
  local texts = { bucket.stored }
  for _, record in pairs(bucket.written) do
    texts[#texts + 1] = record
  end
  local text, lives_ms = table.concat(texts), bucket.lives_ms
  if lives_ms == 0 then
    redis.call('SET', key, text, 'KEEPTTL')
    return
  end
  if string.sub(text, 1, 1) == '+' then lives_ms = math.max(lives_ms, redis.call('PTTL', key)) end
  redis.call('SET', key, text, 'PX', string.format('%d', lives_ms))
end
local function write_buckets(buckets)
  for key, bucket in pairs(buckets) do
    if bucket.changed then write_bucket(key, bucket) end
  end
end
local RECORD = '^;%S (%S+) (%S+) (%-?[0-9a-z]+) ?(%-?[0-9a-z]*)$'
local TOMBSTONE = '^;%S !(%S+) (%-?[0-9a-z]+)$'
local MAX_ATTEMPTS_LENGTH = 1000
local function is_tombstone(record) return string.sub(record, 4, 4) == '!' end
local function read_record(record, now, remember_ms)
  local content, attempts, at_text, until_text = string.match(record, RECORD)
  local at = content and plausible_instant(at_text, now)
  local ends = at and (until_text == '' and at + remember_ms or plausible_instant(until_text, now))
  if not ends then return nil end
  return {
    content = content,
    attempts = attempts,
    at = at,
    at_text = at_text,
    ends = ends,
    until_text = until_text ~= '' and until_text or nil,
  }
end
local function read_tombstone(record, now)
  local attempt, until_text = string.match(record, TOMBSTONE)
  return attempt, attempt and plausible_instant(until_text, now) or nil
end
local function text_of_record(prefix, content, attempts, at_text, until_text)
  local record = prefix .. content .. ' ' .. attempts .. ' ' .. at_text
  return until_text and record .. ' ' .. until_text or record
end
local function with_attempts(prefix, record, attempts)
  return text_of_record(prefix, record.content, attempts, record.at_text, record.until_text)
end
local function has_attempt(attempts, attempt)
  return string.find(',' .. attempts .. ',', ',' .. attempt .. ',', 1, true) ~= nil
end
local function add_attempt(attempts, attempt)
  if has_attempt(attempts, attempt) or #attempts + #attempt > MAX_ATTEMPTS_LENGTH then return attempts end
  return attempts .. ',' .. attempt
end
local function recall_counted(bucket, identity, now, remember_ms)
  local record = find_record(bucket, identity.prefix)
  if not record or is_tombstone(record) then return nil end
  local counted = read_record(record, now, remember_ms)
  if not counted then return 'wrong-type' end
  if counted.ends <= now then return nil end
  if counted.ends - now < identity.lives_ms then counted.until_text = identity.until_text end
  return counted
end
local function write_settled(bucket, identity, record, outcome)
  write_record(bucket, identity.prefix, record, identity.lives_ms)
  if string.sub(bucket.stored, 1, 1) ~= '+' then bucket.stored = '+' .. bucket.stored end
  return outcome
end
local function write_counted(bucket, identity, at_text, outcome)
  local record =
    text_of_record(identity.prefix, identity.content, identity.attempt, at_text, identity.until_text)
  return write_settled(bucket, identity, record, outcome)
end
local function join_counted(bucket, identity, counted)
  if counted.content ~= identity.content then return 'conflict' end
  local attempts = add_attempt(counted.attempts, identity.attempt)
  local record = with_attempts(identity.prefix, counted, attempts)
  return write_settled(bucket, identity, record, 'already-counted')
end
local function remove_attempt(attempts, attempt)
  local rest = {}
  for other in string.gmatch(attempts, '[^,]+') do
    if other ~= attempt then rest[#rest + 1] = other end
  end
  return table.concat(rest, ',')
end
local function void_attempt(bucket, identity, counted)
  local tombstone = identity.prefix .. '!' .. identity.attempt .. ' ' .. identity.until_text
  if not counted then return write_settled(bucket, identity, tombstone, 'voided') end
  if not has_attempt(counted.attempts, identity.attempt) then return 'voided' end
  local rest = remove_attempt(counted.attempts, identity.attempt)
  if rest == '' then return write_settled(bucket, identity, tombstone, 'reversed') end
  return write_settled(bucket, identity, with_attempts(identity.prefix, counted, rest), 'voided')
end
local WINDOW = '^(%a)(%-?[0-9a-z]+)=(%d+) ?()'
local function read_windows(text)
  local windows, at = {}, 1
  repeat
    local field, starts, units, rest = string.match(text, WINDOW, at)
    local used = tonumber(units)
    if not used or used > MAX_INTEGER or #starts > MAX_INSTANT_LENGTH then return nil end
    local window = { field = field, starts = starts, used = used }
    windows[#windows + 1], windows[field], at = window, window, rest
  until at > #text
  return windows
end
local function text_of_windows(windows)
  local texts = {}
  for i, window in ipairs(windows) do
    texts[i] = window.field .. window.starts .. '=' .. digits_of(window.used)
  end
  return table.concat(texts, ' ')
end
local function set_units(windows, field, starts, used)
  local window = windows[field]
  if not window then
    window = { field = field }
    windows[#windows + 1], windows[field] = window, window
  end
  local opens = window.starts ~= starts
  window.starts, window.used = starts, used
  return opens
end
local function spread_of(key, margin_ms)
  return tonumber(string.sub(redis.sha1hex(key), 1, 8), 16) % math.max(1, math.floor(margin_ms / 2))
end
local function write_counter(key, text, limit_set, opens)
  if opens then
    local ttl_ms = limit_set.expires_in_ms + spread_of(key, limit_set.margin_ms)
    redis.call('SET', key, text, 'PX', string.format('%d', ttl_ms))
  else
    redis.call('SET', key, text, 'KEEPTTL')
  end
end
local function read_slow(windows, limit_set, before, indexes, used)
  local latest, latest_text = limit_set.latest, limit_set.latest_text
  for i = 1, limit_set.size do
    local limit, at = limit_set[i], before + i
    local window, index = windows[limit.field], limit.index
    if window and window.starts == limit.next_text then
      index = 1
      if limit.next > latest then
        latest, latest_text = limit.next, limit.next_text
      end
    end
    indexes[at] = index
    used[at] = window and window.starts == start_text_of(limit, index) and window.used or 0
  end
  return latest, latest_text
end
local function add_slow(windows, limit_set, before, amount, indexes, used)
  local opens = false
  for i = 1, limit_set.size do
    local limit, at = limit_set[i], before + i
    used[at] = math.min(used[at] + amount, MAX_INTEGER)
    opens = set_units(windows, limit.field, start_text_of(limit, indexes[at]), used[at]) or opens
  end
  return text_of_windows(windows), opens
end
local function read_counter(key, limit_set, before, indexes, used)
  local stored = redis.pcall('GET', key)
  if not stored then
    for i = 1, limit_set.size do
      indexes[before + i], used[before + i] = limit_set[i].index, 0
    end
    return false, limit_set.latest, limit_set.latest_text
  end
  if is_wrong_type(stored) then return nil end
  local units = { string.match(stored, limit_set.pattern) }
  if not units[1] then
    local windows = read_windows(stored)
    if not windows then return nil end
    return windows, read_slow(windows, limit_set, before, indexes, used)
  end
  for i = 1, limit_set.size do
    local count = units_of(units[i])
    if count > MAX_INTEGER then return nil end
    indexes[before + i], used[before + i] = limit_set[i].index, count
  end
  return true, limit_set.latest, limit_set.latest_text
end
local function has_room(limit_set, before, amount, used)
  for i = 1, limit_set.size do
    if used[before + i] + amount > limit_set[i].max then return false end
  end
  return true
end
local function add_fast(limit_set, before, amount, used)
  local text, prefixes = '', limit_set.prefixes
  for i = 1, limit_set.size do
    local total = used[before + i] + amount
    if total > MAX_INTEGER then total = MAX_INTEGER end
    used[before + i] = total
    text = text .. prefixes[i] .. digits_of(total)
  end
  return text
end
local function add_to_counter(key, limit_set, before, amount, held, indexes, used)
  if held == true or not held then
    write_counter(key, add_fast(limit_set, before, amount, used), limit_set, not held)
  else
    local text, opens = add_slow(held, limit_set, before, amount, indexes, used)
    write_counter(key, text, limit_set, opens)
  end
end
local function add_to_counters(keys, key, group, held, indexes, used)
  local before = 0
  for c = 1, group.size do
    add_to_counter(keys[key + c], group[c], before, group.amount, held[c], indexes, used)
    before = before + group[c].size
  end
end
local function read_counters_of_now(keys, key, group, held, indexes, used)
  if not group.is_of_now then return false end
  local limit_count, latest, latest_text = 0, -math.huge, nil
  for c = 1, group.size do
    local what, its_latest, its_text = read_counter(keys[key + c], group[c], limit_count, indexes, used)
    if what == nil then return nil end
    if what ~= true and what ~= false then return false end
    if its_latest > latest then
      latest, latest_text = its_latest, its_text
    end
    held[c], limit_count = what, limit_count + group[c].size
  end
  return true, latest_text
end
local function limits_above_max(group, used)
  local index, above, texts = 0, 0, ''
  for c = 1, group.size do
    local limit_set = group[c]
    for l = 1, limit_set.size do
      index = index + 1
      local total = used[index]
      if total > limit_set[l].max then
        above, texts = above + 1, texts .. ' ' .. index - 1 .. ' ' .. digits_of(total)
      end
    end
  end
  return above .. texts
end
local function read_counters(keys, key, group)
  local counters = {}
  for c = 1, group.size do
    local stored = redis.pcall('GET', keys[key + c])
    local windows = not is_wrong_type(stored) and (stored and read_windows(stored) or not stored and {})
    if not windows then return nil end
    counters[c] = { key = keys[key + c], limit_set = group[c], windows = windows }
  end
  return counters
end
local function add_to_window(limit, index, windows, units, now)
  if not index then return nil end
  local window, starts = windows[limit.field], start_text_of(limit, index)
  local is_current = window and window.starts == starts
  local opens = units > 0 and not (window and instant_of(window.starts) > start_of(limit, index))
  if now >= (index == 0 and limit.next or limit.after) or not (is_current or opens) then return nil end
  local total = math.min(math.max((is_current and window.used or 0) + units, 0), MAX_INTEGER)
  return total, set_units(windows, limit.field, starts, total)
end
local function index_of(limit, position, indexes, at)
  if at then return window_index_at(at, limit.current, limit.next, limit.after) end
  return tonumber(string.sub(indexes, position, position))
end
local function add_to_windows(counters, units, indexes, at, now)
  local touched, position, latest, latest_text, above, texts = 0, 0, -math.huge, '', 0, ''
  for _, counter in ipairs(counters) do
    local opened, changed, limit_set, windows = false, false, counter.limit_set, counter.windows
    for l = 1, limit_set.size do
      local limit = limit_set[l]
      position = position + 1
      local index = index_of(limit, position, indexes, at)
      if index and start_of(limit, index) > latest then
        latest, latest_text = start_of(limit, index), start_text_of(limit, index)
      end
      local total, opens = add_to_window(limit, index, windows, units, now)
      if total then
        touched, changed, opened = touched + 1, true, opened or opens
        if units > 0 and total > limit.max then
          above, texts = above + 1, texts .. ' ' .. position - 1 .. ' ' .. digits_of(total)
        end
      end
    end
    if changed then write_counter(counter.key, text_of_windows(windows), limit_set, opened) end
  end
  return touched, latest_text, above .. texts
end
local keys, argv, FIRST_IDENTITY = KEYS, ARGV, 4
local now, remember_ms, margin_ms = read_call_header(argv[1])
local limit_sets = read_limit_sets(argv[2], now, margin_ms)
local groups = read_settlement_groups(argv[3], limit_sets, #keys, #argv - FIRST_IDENTITY + 1)
local identities = read_settlement_identities(argv, FIRST_IDENTITY, now)
local indexes, used, held, buckets = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { false, false }, {}
local function settle(group, key, identity)
  local is_of_now, at_text = read_counters_of_now(keys, key, group, held, indexes, used)
  local counters = is_of_now == false and read_counters(keys, key, group)
  local bucket = buckets[keys[key]] or open_bucket(buckets, keys[key])
  if is_of_now == nil or counters == nil or not bucket then return 'wrong-type' end
  local counted = recall_counted(bucket, identity, now, remember_ms)
  if counted == 'wrong-type' then return counted end
  if group.intent == 'void' then
    local outcome = void_attempt(bucket, identity, counted)
    if outcome == 'reversed' then add_to_windows(counters, -group.amount, group.indexes, counted.at, now) end
    return outcome
  end
  if counted then return join_counted(bucket, identity, counted) end
  if is_of_now then
    add_to_counters(keys, key, group, held, indexes, used)
    return write_counted(bucket, identity, at_text, 'counted ' .. limits_above_max(group, used))
  end
  local touched, latest_text, above = add_to_windows(counters, group.amount, group.indexes, nil, now)
  return write_counted(bucket, identity, latest_text, touched > 0 and 'counted ' .. above or 'late')
end
local answers, key, next_identity = { FORMAT }, 1, 1
for _, group in ipairs(groups) do
  for _ = 1, group.settlements do
    answers[#answers + 1] = settle(group, key, identities[next_identity])
    key, next_identity = key + 1 + group.size, next_identity + 1
  end
end
write_buckets(buckets)
return table.concat(answers, ' ')
