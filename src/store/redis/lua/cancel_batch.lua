-- Stops the batch KEYS[1]: no further chunk of it is run. Answers the state in which this ended it.
local st = redis.call('HGET', KEYS[1], 'st')
if not st then
  return { 'NO_BATCH' }
elseif st == 'running' then
  redis.call('HSET', KEYS[1], 'st', 'cancelled')
  live_for(KEYS[1], arg.batch_ttl_ms)
  return { 'OK', 'cancelled' }
end
return { 'OK' }
