-- A wrong-type key holds something else than Sundial writes there: another type of Redis, or a text that no node
-- wrote.

-- Whether a reply says that a key holds another type. Every other error ends the script.
local function is_wrong_type(reply)
  if type(reply) ~= 'table' or not reply.err then return false end
  if string.find(reply.err, '^WRONGTYPE') then return true end
  error(reply.err)
end
