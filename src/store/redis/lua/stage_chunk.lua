-- Commits a chunk whose items were written aside, in a slot of their own. KEYS as in chunk.lua.
local found = redis.call('HMGET', KEYS[2], 'chunks', 'sealed', 'fp')
if not found[1] then
  return { 'NO_BATCH' }
end
local staged, no = tonumber(found[1]), tonumber(arg.chunk)
if no < staged then
  return { 'STAGED', work['in'] or '' }
elseif no > staged or found[2] == '1' then
  return { 'REFUSED', found[1], found[2] }
end
start_record({ copy = arg.copy, fp = found[3], first = arg.first, n = arg.count, ['in'] = arg.copy })
keep(true)
redis.call('ZADD', KEYS[3], arg.chunk, arg.chunk .. ':' .. arg.copy)
live_for(KEYS[3], arg.batch_ttl_ms)
redis.call('HINCRBY', KEYS[2], 'chunks', 1)
redis.call('HINCRBY', KEYS[2], 'items', arg.count)
settle_batch(KEYS[2])
return { 'OK' }
