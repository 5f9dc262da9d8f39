-- Makes a batch: KEYS[1].
local found = redis.call('HMGET', KEYS[1], 'fp', 'chunks')
if found[1] then
  if found[1] ~= arg.fp then
    return { 'CONFLICT' }
  end
  return { 'EXISTS', found[2] }
end
redis.call('HSET', KEYS[1], 'st', 'running', 'fp', arg.fp, 'tenant', arg.tenant, 'program', arg.program, 'tol', arg.tol,
           'sealed', '0', 'items', '0', 'chunks', '0', 'done', '0', 'bad', '0')
live_for(KEYS[1], arg.batch_ttl_ms)
return { 'NEW' }
