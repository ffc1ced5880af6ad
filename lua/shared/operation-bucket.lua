-- An operation bucket is a text with the records (shared/operation-record.lua) of all operations whose ids differ in
-- the last character only. Ids that are made one after the other share a bucket, which costs a fifth of a key each.
-- The prefix of a record is all of it up to its content: `;<last character of the id> `.
--
-- A bucket lives as long as the latest of its records is remembered; repeating an operation leaves the TTL as it is.
-- A bucket with a settled record or a reservation begins with `+`: another record may live longer than the one that
-- is written.
-- @include shared/wrong-type.lua
local BUCKET = '^%+?;'

-- Opens the bucket under a key and adds it to `buckets`, those of the call; nil for a wrong-type key.
local function open_bucket(buckets, key)
  local stored = redis.pcall('GET', key)
  if is_wrong_type(stored) or stored and not string.find(stored, BUCKET) then return nil end
  local bucket = { stored = stored or '', written = {}, changed = false, lives_ms = 0 }
  buckets[key] = bucket
  return bucket
end

-- Moves a record from the stored text to the written ones, and returns it; nil when there is none.
local function find_stored(bucket, prefix)
  local stored = bucket.stored
  local from = string.find(stored, prefix, 1, true)
  if not from then return nil end
  local after = string.find(stored, ';', from + 1, true) or #stored + 1
  bucket.stored = string.sub(stored, 1, from - 1) .. string.sub(stored, after)
  bucket.written[prefix] = string.sub(stored, from, after - 1)
  return bucket.written[prefix]
end

-- The record with a prefix; false or nil when there is none.
local function find_record(bucket, prefix)
  return bucket.written[prefix] or bucket.stored ~= '' and find_stored(bucket, prefix)
end

-- Writes a record that is remembered for `lives_ms` from now on; without that, as long as it was.
local function write_record(bucket, prefix, record, lives_ms)
  bucket.written[prefix], bucket.changed = record, true
  if lives_ms and lives_ms > bucket.lives_ms then bucket.lives_ms = lives_ms end
end

-- Writes one that others in the bucket may not outlive.
local function write_lasting_record(bucket, prefix, record, lives_ms)
  write_record(bucket, prefix, record, lives_ms)
  if string.sub(bucket.stored, 1, 1) ~= '+' then bucket.stored = '+' .. bucket.stored end
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

-- Lua reads every byte of a text that it makes: a bucket is put together once, at the end of the call.
local function write_buckets(buckets)
  for key, bucket in pairs(buckets) do
    if bucket.changed then write_bucket(key, bucket) end
  end
end
