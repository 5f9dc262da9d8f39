-- Asks for the work of a chunk's message. A chunk that is not known has no items to run.
if not work.st then
  return { 'UNKNOWN' }
elseif work.fp ~= arg.fp then
  return { 'CONFLICT' }
end
return apply(decide())
