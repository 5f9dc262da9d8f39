-- Asks for the work of a job's message. One that brings no key can only ask for a job that is there.
local is_known = work.st ~= nil
if not is_known and not arg.key then
  return { 'UNKNOWN' }
end
local holder = arg.key and live_holder_of(arg.key)
local conflicts = (holder and holder.fp ~= arg.fp) or (is_known and work.fp ~= arg.fp)

if not is_known then
  -- Work that the store does not know, as its message describes it.
  local fields = { att = arg.attempt, inf = arg.infra, copy = arg.copy, pub = '1', fp = arg.fp, key = arg.key,
                   tenant = arg.tenant, sub = digits(now), ttl = arg.result_ttl_s, idem = arg.idem }
  if conflicts then
    start_record(fields)
    end_without_result('rejected')
    set({ ccopy = arg.copy })
    finish()
    return { 'CONFLICT', 'ended' }
  elseif holder and holder.job ~= arg.work and not (arg.deadline and tonumber(arg.deadline) <= now) then
    -- The duplicate gets no record of its own, but its id reads as the job that has the key. (A job that is known and
    -- open has its key: the key of an open job is never given away.)
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'dup', holder.job)
    redis.call('PEXPIRE', KEYS[1], digits(math.max(redis.call('PTTL', KEYS[2]), 1)))
    return { 'ALIAS', holder.job, holder.copy }
  end
  start_record(fields)
  take_key()
end
if conflicts then
  return { 'CONFLICT' }
end

return apply(decide())
