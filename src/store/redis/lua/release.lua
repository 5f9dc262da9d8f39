-- Gives up a claim without a try being charged.
if not work.st then
  return { 'UNKNOWN' }
elseif work.tok == arg.token and work.st == 'queued' then
  return { 'ALREADY' }
elseif not is_held() then
  return { 'FENCED' }
end
let_go('queued')
keep(true)
return { 'RECORDED' }
