-- Ends a job. KEYS[3] is where the result document of this token lives: a small one comes in `doc` and is written
-- here, a large one was written before and `is_aside` says so. Neither is there when the store had no room.
if not work.st then
  return { 'UNKNOWN' }
elseif work.tok == arg.token and FINAL[work.st] then
  return { 'ALREADY' }
elseif not is_held() then
  return { 'FENCED' }
end
local ttl_ms = digits(tonumber(work.ttl) * 1000)
if arg.doc then
  redis.call('SET', KEYS[3], arg.doc, 'PX', ttl_ms)
elseif arg.is_aside and redis.call('PEXPIRE', KEYS[3], ttl_ms) == 0 then
  return { 'GONE' }
end
set({ out = arg.outcome, doc = (arg.doc or arg.is_aside) and arg.token or '', tries = work.tries .. arg.try })
let_go(arg.state)
keep(true)
-- Whoever waits for it hears of it without a further call.
redis.call('PUBLISH', arg.channel, arg.change)
return { 'RECORDED' }
