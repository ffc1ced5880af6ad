-- A capability probe: runs once, on keys of its own, every command that Sundial uses, and so finds whether this Redis
-- takes writes and which commands it forbids. It removes the keys.
--
-- KEYS[1] a text   KEYS[2] a hash   KEYS[3] a sorted set: any three keys that Sundial may use and does not
-- ARGV[1] a channel without subscribers
-- Returns now (ms; nil where TIME is forbidden), then of each command that failed its name and its error
--[[ Sample
redis-cli --eval <(node scripts/print-lua.mjs probe) text hash sorted , channel
#> 1) (integer) 1795712775918
# The store's clock; no command failed.
]]
local text, hash, sorted = KEYS[1], KEYS[2], KEYS[3]
local channel = ARGV[1]

local commands = {
  -- The first one needs memory: Redis refuses no later command of a script that has written.
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
  { 'ZRANGEBYSCORE', sorted, '1', '1' },
  { 'ZRANGEBYLEX', sorted, '-', '+' },
  { 'ZCARD', sorted },
  { 'ZREM', sorted, 'other' },
  { 'ZREMRANGEBYRANK', sorted, '0', '0' },
  { 'UNLINK', sorted },
  { 'DEL', text, hash, sorted },
  { 'PUBLISH', channel, '' },
}

local time, failures = redis.pcall('TIME'), {}
if time.err then failures = { 'TIME', time.err } end
for _, command in ipairs(commands) do
  local result = redis.pcall(unpack(command))
  local failure = type(result) == 'table' and result.err
  -- RENAME finds no key where HSET failed, which is in the reply already.
  if failure and not string.find(failure, 'no such key', 1, true) then
    failures[#failures + 1], failures[#failures + 2] = command[1], failure
  end
end
return { not time.err and time[1] * 1000 + math.floor(time[2] / 1000), unpack(failures) }
