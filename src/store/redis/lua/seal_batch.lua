-- No more chunks will come to the batch KEYS[1].
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'NO_BATCH' }
end
redis.call('HSET', KEYS[1], 'sealed', '1')
settle_batch(KEYS[1])
return { 'OK' }
