-- Does once, on a key of its own, all that Sundial does in Redis: whether it takes writes, and what is forbidden here.
-- It ends without the key.
--
-- KEYS[1] any key that Sundial may use and does not
-- ARGV    a channel that nobody listens to
-- Returns now (ms), then of each command that failed its name and why
local key, channel = KEYS[1], ARGV[1]
local trials = {
  -- Writes first what needs memory: a script that has written is not refused any more.
  { 'SET', key, '1', 'PX', '1000' },
  { 'GET', key },
  { 'DEL', key },
  { 'HSET', key, 'field', '1' },
  { 'PEXPIRE', key, '1000' },
  { 'HGET', key, 'field' },
  { 'HMGET', key, 'field' },
  { 'HGETALL', key },
  { 'HLEN', key },
  { 'HDEL', key, 'field' },
  { 'PUBLISH', channel, '' },
}

local time = redis.call('TIME')
local reply = { time[1] * 1000 + math.floor(time[2] / 1000) }
for _, trial in ipairs(trials) do
  local result = redis.pcall(unpack(trial))
  if type(result) == 'table' and result.err then
    reply[#reply + 1], reply[#reply + 2] = trial[1], result.err
  end
end
return reply
