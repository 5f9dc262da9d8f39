-- Makes the idempotency record and the job record in one step.
local holder = live_holder_of(arg.key)
if holder and holder.fp ~= arg.fp then
  return { 'CONFLICT', holder.job }
elseif holder then
  return { 'EXISTS', holder.job, holder.st, holder.copy }
end
start_record({ copy = arg.copy, fp = arg.fp, key = arg.key, tenant = arg.tenant, sub = digits(now),
               ttl = arg.result_ttl_s, idem = arg.idem })
take_key()
keep(true)
return { 'NEW' }
