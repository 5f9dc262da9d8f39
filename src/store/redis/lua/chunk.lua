-- What is a chunk's own. KEYS[2] is its batch, KEYS[3] the sorted set of chunks that wait to be published, scored by
-- their number, KEYS[4] the bitmap of chunks with results, KEYS[5] that of chunks that somebody holds.
--
-- Fields of the record besides those of work.lua: first index of its first item, n items, in copy under which its
-- items were written, res token under which its results were written, end why it has none.

local function keep(is_new_version)
  if changed.st then
    redis.call('SETBIT', KEYS[5], arg.chunk, work.st == 'running' and 1 or 0)
    live_for(KEYS[5], arg.batch_ttl_ms)
  end
  write_record(is_new_version)
  if unpublished() == '' then
    redis.call('ZREMRANGEBYSCORE', KEYS[3], arg.chunk, arg.chunk)
  end
  live_for(KEYS[1], arg.batch_ttl_ms)
  live_for(KEYS[2], arg.batch_ttl_ms)
end

local function is_stopped()
  return batch_is_stopped(KEYS[2])
end

-- Counts the chunk's items, once, whatever becomes of its record: `counts` is a list of outcome=items, `bad` how many
-- did not succeed. Answers the state in which this ended the batch.
local function count_chunk(counts, bad)
  if redis.call('SETBIT', KEYS[4], arg.chunk, 1) == 1 then
    return
  end
  live_for(KEYS[4], arg.batch_ttl_ms)
  for outcome, items in string.gmatch(counts, '(%S+)=(%d+)') do
    redis.call('HINCRBY', KEYS[2], 'n:' .. outcome, items)
  end
  redis.call('HINCRBY', KEYS[2], 'bad', bad)
  redis.call('HINCRBY', KEYS[2], 'done', 1)
  return settle_batch(KEYS[2])
end

-- Keeps an end that nobody ran. Its items get a result each, made when it is read, so that the batch still ends; of a
-- stopped batch they get none. Answers the state in which this ended the batch.
local function finish()
  keep(true)
  if work.st ~= 'cancelled' then
    return count_chunk('faults=' .. work.n, work.n)
  end
end
