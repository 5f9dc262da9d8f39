-- Ends a chunk whose results were written aside, in a slot of their own, and counts its items. `end` says why there
-- are none when the store had no room. Answers the state in which this ended its batch.
if not work.st then
  return { 'UNKNOWN' }
elseif work.tok == arg.token and FINAL[work.st] then
  return { 'ALREADY' }
elseif not is_held() then
  return { 'FENCED' }
end
set({ res = arg['end'] and '' or arg.token, ['end'] = arg['end'] or '' })
let_go(arg.state)
keep(true)
return { 'RECORDED', count_chunk(arg.counts, arg.bad) }
