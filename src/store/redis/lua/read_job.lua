-- Reads a job, unless its result is past its time.
local fields = read(KEYS[1])
if fields.dup and not fields.st then
  return { 'DUPLICATE', fields.dup }
elseif not fields.st or (fields.exp and tonumber(fields.exp) <= now) then
  return { 'NONE' }
end
local runs = fields.st == 'running'
return { 'JOB', fields.st, fields.ver, fields.att, fields.tries, fields.sub, fields.doc or '', fields.tenant,
         fields.idem or '', runs and fields.own or '', runs and fields.cat or '',
         fields.exp and digits(tonumber(fields.exp) - tonumber(fields.ttl) * 1000) or '', fields.exp or '' }
