-- Takes a job back. One whose lease has run out counts as not running.
if not work.st then
  return { 'UNKNOWN' }
elseif FINAL[work.st] then
  return { 'FINAL', work.st }
elseif lease_is_live() then
  set({ cxl = '1' })
  keep(true)
  return { 'REQUESTED' }
end
end_without_result('cancelled')
keep(true)
return { 'CANCELLED' }
