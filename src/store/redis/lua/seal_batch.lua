-- No more chunks will come to the batch KEYS[1]. Answers the state in which this ended it.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'NO_BATCH' }
end
redis.call('HSET', KEYS[1], 'sealed', '1')
return { 'OK', settle_batch(KEYS[1]) }
