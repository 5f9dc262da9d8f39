-- Extends a lease, and says whether the work is still wanted. Nobody outside sees a lease, so it is no new version.
if not work.st then
  return { 'MISSING' }
elseif not is_held() then
  return { 'FENCED' }
end
set({ lease = digits(now + tonumber(arg.lease_ms)) })
keep(false)
local is_unwanted = work.cxl == '1' or is_stopped()
return { is_unwanted and 'CANCEL_REQUESTED' or 'RENEWED', work.lease }
