-- What a check finds of its operation, and what it leaves.

-- What a record says against the check under its id, and what else is answered then: nil when the id is free after all.
local function recall(page, record, name)
  local head, content, attempt = string.match(name, '^(;%S )(%S+) (%S+)$')
  if is_tombstone(record) then
    local barred, till = read_tombstone(record)
    if not till then return 'broken' end
    return barred == attempt and till > now and 'expired' or nil
  end
  local kept = read_record(record)
  if not kept then return 'broken' end
  if kept.till <= now then return nil end
  if kept.content ~= content then return 'conflict' end
  local attempts = with_attempt(kept.attempts, attempt)
  if attempts ~= kept.attempts then write_record(page, head, rewritten(head, kept, attempts)) end
  return 'replayed', string.format(' %d %d', kept.at, kept.till - now)
end

-- When a check is counted: now, or where the clock was set back over the start of its latest window, at that.
local now_text
local function counted_at(latest, latest_text)
  if latest > now then return latest_text end
  now_text = now_text or text_of_instant(now)
  return now_text
end
