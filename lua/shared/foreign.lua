-- What others may have written in the place of what Sundial writes.

-- Whether a key holds another type, by what Redis answered. Whatever else it refuses ends the script.
local function is_foreign(reply)
  if type(reply) ~= 'table' or not reply.err then return false end
  if string.find(reply.err, '^WRONGTYPE') then return true end
  error(reply.err)
end
