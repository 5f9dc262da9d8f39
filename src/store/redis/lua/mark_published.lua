-- The copy is confirmed by the queue. Nobody outside sees that, so it is no new version.
if work.st and work.copy == arg.copy and work.pub == '0' then
  set({ pub = '1' })
  keep(false)
end
return { 'OK' }
