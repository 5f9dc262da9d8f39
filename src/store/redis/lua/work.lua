-- The claim record that a job and a chunk have in common: the hash KEYS[1].
--
--   st state, ver version, att attempt, inf infrastructure retries, copy and pub: the copy of the current attempt
--   and whether the queue is known to have had it, tok last token handed out or minted, own and dlv: who claimed it
--   and by which delivery, ccopy copy that was claimed, cat claimed at, lease its end, lost workers lost, cxl cancel
--   requested, poi poisoned, fp fingerprint, tries one JSON object a line.
local FINAL = { succeeded = true, failed = true, dead_lettered = true, cancelled = true, expired = true, rejected = true }

local work = read(KEYS[1])
local is_there = next(work) ~= nil
local is_new = false
if not work.st then
  work = {}
end
local changed = {}

local function set(fields)
  for name, value in pairs(fields) do
    work[name] = value
    changed[name] = value
  end
end

-- A record that takes the place of whatever is there.
local function start_record(fields)
  if is_there then
    redis.call('DEL', KEYS[1])
  end
  work, is_new = {}, true
  set({ st = 'queued', ver = '0', att = '1', inf = '0', pub = '0', tok = '0', own = '', dlv = '', ccopy = '', cat = '0',
        lease = '0', lost = '0', cxl = '0', poi = '0', tries = '' })
  set(fields)
end

local function write_record(is_new_version)
  if is_new_version then
    set({ ver = digits(tonumber(work.ver) + 1) })
  end
  local flat = {}
  for name, value in pairs(changed) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  changed = {}
  redis.call('HSET', KEYS[1], unpack(flat))
end

-- Whether the caller's claim is the one under which the work runs. The time plays no part: a late write is fine
-- unless somebody took over.
local function is_held()
  return work.st == 'running' and work.tok == arg.token
end

-- Takes the work away from whoever holds a token. The token is seeded by the time, so that it is newer than any
-- token given before, even when a failover lost the record in between.
local function mint_token()
  set({ tok = digits(math.max(tonumber(work.tok) + 1, now_us)) })
end

-- Ends a claim, leaving its token, so that a repeated write is recognised.
local function let_go(state)
  set({ st = state, own = '', dlv = '', lease = '0' })
end

-- Ends the work for good without a result, whoever holds it.
local function end_without_result(state)
  mint_token()
  let_go(state)
end

local function lease_is_live()
  return work.st == 'running' and tonumber(work.lease) > now
end

-- The copy that the creator still has to publish. Once somebody claimed the work, its copies are looked after by
-- the ack rule, and publishing an older attempt would only make a leftover.
local function unpublished()
  if work.st == 'queued' and work.pub == '0' and work.tok == '0' then
    return work.copy
  end
  return ''
end
