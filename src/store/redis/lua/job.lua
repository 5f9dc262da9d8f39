-- What is a job's own. KEYS[2] is the idempotency index of the digest that all ids of a key begin with: one field
-- for each full key digest, since two keys may share the beginning, holding
--
--   job fingerprint expiry state copy
--
-- State and unpublished copy are those of the job that has the key, written together with its record: that record
-- may be another key than KEYS[1], and its name would have to be made from data.
--
-- Fields of the record besides those of work.lua: key its full digest, idem the client's text of it, tenant, sub
-- submitted at, ttl seconds that a result is kept, out outcome, doc token under which the result document was written, exp when the result is past its
-- time.

-- What is known of the index, by key; `false` where a key is free.
local holders = {}

local function holder_of(key)
  if holders[key] == nil then
    local packed = redis.call('HGET', KEYS[2], key)
    if packed then
      local job, fp, exp, st, copy = string.match(packed, '^(%S+) (%S+) (%d+) (%S+) (%S*)$')
      holders[key] = { job = job, fp = fp, exp = exp, st = st, copy = copy }
    else
      holders[key] = false
    end
  end
  return holders[key]
end

local function hold(key, holder)
  local packed = table.concat({ holder.job, holder.fp, holder.exp, holder.st, holder.copy }, ' ')
  redis.call('HSET', KEYS[2], key, packed)
end

-- Who has the key. One past its time counts only while its job is open, and is dropped otherwise.
local function live_holder_of(key)
  local holder = holder_of(key)
  if holder and tonumber(holder.exp) <= now and FINAL[holder.st] then
    redis.call('HDEL', KEYS[2], key)
    holders[key] = false
  end
  return holders[key]
end

-- Gives this job its key, if the key is free. `keep` writes that.
local function take_key()
  if not holder_of(work.key) then
    holders[work.key] = { job = arg.work, fp = work.fp, exp = digits(now + tonumber(arg.key_ttl_ms)) }
  end
end

-- Lets record and key live as long as either is of use: an open job until nothing happens to it for `open_ttl_ms`,
-- a final one as long as its key, so that late copies of its message are recognised.
local function keep_alive(holder)
  if not FINAL[work.st] then
    if is_new then
      redis.call('PEXPIRE', KEYS[1], arg.open_ttl_ms)
    else
      live_for(KEYS[1], arg.open_ttl_ms)
    end
    live_for(KEYS[2], arg.open_ttl_ms)
    return
  end
  local left = tonumber(work.exp)
  if holder then
    left = math.max(left, tonumber(holder.exp))
  end
  left = digits(math.max(left - now, 1))
  redis.call('PEXPIRE', KEYS[1], left)
  if holder and redis.call('HLEN', KEYS[2]) == 1 then
    redis.call('PEXPIRE', KEYS[2], left)
  elseif holder then
    live_for(KEYS[2], left)
  end
end

local function keep(is_new_version)
  if FINAL[work.st] and not work.exp then
    set({ exp = digits(now + tonumber(work.ttl) * 1000) })
  end
  write_record(is_new_version)
  local holder = holder_of(work.key)
  if holder and holder.job ~= arg.work then
    holder = false
  end
  if holder then
    holder.st = work.st
    holder.copy = unpublished()
    if work.exp then
      holder.exp = digits(math.max(tonumber(holder.exp), tonumber(work.exp)))
    end
    hold(work.key, holder)
  end
  keep_alive(holder)
end

local function is_stopped()
  return false
end

-- Keeps an end that nobody ran.
local function finish()
  keep(true)
end
