-- Does once, on keys of its own, all that Sundial does in Redis: whether it takes writes, and what is forbidden here.
-- It ends without the keys.
--
-- KEYS[1] a text   KEYS[2] a hash   KEYS[3] a sorted set: any three that Sundial may use and does not
-- ARGV[1] a channel that nobody listens to
-- Returns now (ms; nil where that is forbidden), then of each command that failed its name and why
local text, hash, sorted, channel = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local trials = {
  -- Writes first what needs memory: a script that has written is not refused any more.
  { 'SET', text, '1', 'PX', '1000' },
  { 'GET', text },
  { 'HSET', hash, 'field', '1' },
  { 'PEXPIRE', hash, '1000' },
  { 'PTTL', hash },
  { 'HGET', hash, 'field' },
  { 'HMGET', hash, 'field' },
  { 'HGETALL', hash },
  { 'HLEN', hash },
  { 'HDEL', hash, 'other' },
  { 'HSCAN', hash, '0' },
  { 'PERSIST', hash },
  { 'RENAME', hash, hash },
  { 'ZADD', sorted, '1', 'member' },
  { 'ZSCORE', sorted, 'member' },
  { 'ZCOUNT', sorted, '1', '1' },
  { 'ZRANGE', sorted, '0', '0' },
  { 'ZREMRANGEBYRANK', sorted, '0', '0' },
  { 'UNLINK', sorted },
  { 'DEL', text, hash, sorted },
  { 'PUBLISH', channel, '' },
}

local time, failed = redis.pcall('TIME'), {}
if time.err then failed = { 'TIME', time.err } end
for _, trial in ipairs(trials) do
  local result = redis.pcall(unpack(trial))
  -- What could not be made could not be renamed, and is told already.
  local is_told = type(result) == 'table' and result.err and string.find(result.err, 'no such key', 1, true)
  if type(result) == 'table' and result.err and not is_told then
    failed[#failed + 1], failed[#failed + 2] = trial[1], result.err
  end
end
return { not time.err and time[1] * 1000 + math.floor(time[2] / 1000), unpack(failed) }
