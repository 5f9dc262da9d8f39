-- What belongs to a batch: the hash `key`.
--
--   st state, fp fingerprint, tenant, program JSON, tol tolerated failures or empty, sealed, items and chunks staged,
--   done chunks with results, bad items counted that did not succeed, n:<outcome> and n:faults items by outcome.

local STOPPED = { cancelled = true, failed_tolerance = true }

local function batch_is_stopped(key)
  return STOPPED[redis.call('HGET', key, 'st')] == true
end

-- Ends the batch when that is due, and answers the state in which it did. A final state stays.
local function settle_batch(key)
  local fields = redis.call('HMGET', key, 'st', 'tol', 'bad', 'sealed', 'done', 'chunks')
  local st, tol, bad, sealed, done, chunks = unpack(fields)
  local ended
  if st == 'running' then
    if tol ~= '' and tonumber(bad) > tonumber(tol) then
      ended = 'failed_tolerance'
    elseif sealed == '1' and done == chunks then
      ended = 'completed'
    end
  end
  if ended then
    redis.call('HSET', key, 'st', ended)
  end
  live_for(key, arg.batch_ttl_ms)
  return ended
end
