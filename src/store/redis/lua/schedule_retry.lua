-- Records the next try, unpublished, and gives up the claim.
if not work.st then
  return { 'UNKNOWN' }
elseif work.tok == arg.token and work.st == 'retry_scheduled' then
  return { 'ALREADY', work.copy }
elseif not is_held() then
  return { 'FENCED' }
end
local forward = tonumber(arg.attempt) - tonumber(work.att)
if forward == 0 then
  forward = tonumber(arg.infra) - tonumber(work.inf)
end
if forward <= 0 then
  return { 'BACKWARD', work.att, work.inf }
end
set({ att = arg.attempt, inf = arg.infra, copy = arg.copy, pub = '0', tries = work.tries .. arg.try })
let_go('retry_scheduled')
keep(true)
return { 'RECORDED' }
