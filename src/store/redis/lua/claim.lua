-- The claim table. See `ports::Store::claim`.

-- The end that a claim finds: the final state and the answer.
local ENDS = {
  cancel = { 'cancelled', 'CANCELLED' },
  expire = { 'expired', 'EXPIRED' },
  poison = { 'dead_lettered', 'POISON' },
}

-- An end that was found by a claim is told again to the same copy: its worker may have been lost before it parked
-- the message.
local function answer_when_final()
  if work.st == 'cancelled' then
    return 'CANCELLED'
  elseif work.st == 'expired' and work.ccopy == arg.copy then
    return 'EXPIRED'
  elseif work.poi == '1' and work.ccopy == arg.copy then
    return 'POISON'
  elseif work.st == 'dead_lettered' and work.ccopy == arg.copy then
    return 'DEAD_LETTERED'
  end
  return 'TERMINAL'
end

-- What the claim does to the record, or, in capitals, its answer when it does nothing.
local function decide()
  if FINAL[work.st] then
    return answer_when_final()
  end
  if work.cxl == '1' or is_stopped() then
    return 'cancel'
  end
  local is_live = lease_is_live()
  if not is_live and arg.deadline and tonumber(arg.deadline) <= now then
    return 'expire'
  end
  local ahead = tonumber(arg.attempt) - tonumber(work.att)
  if ahead == 0 then
    ahead = tonumber(arg.infra) - tonumber(work.inf)
  end
  if ahead < 0 then
    return work.pub == '1' and 'STALE' or 'REPUBLISH'
  elseif ahead > 0 then
    return 'ahead'
  elseif work.st ~= 'running' then
    return 'waiting'
  elseif work.own == arg.owner and work.dlv == arg.delivery and work.ccopy == arg.copy then
    return 'repeat'
  elseif is_live then
    return work.ccopy == arg.copy and 'HELD' or 'DUPLICATE'
  elseif tonumber(work.lost) >= tonumber(arg.lost_budget) then
    return 'poison'
  end
  return 'lost'
end

-- Records that the claim ran out with nobody home. Names need no escape in JSON.
local function count_lost()
  local try = string.format('{"attempt":%s,"outcome":null,"fault":%s,"worker":"%s","started_at":%s}\n', work.att,
                            arg.lost_fault, work.own, work.cat)
  set({ lost = digits(tonumber(work.lost) + 1), tries = work.tries .. try })
end

local function run()
  mint_token()
  set({ st = 'running', pub = '1', own = arg.owner, dlv = arg.delivery, ccopy = arg.copy, cat = digits(now),
        lease = digits(now + tonumber(arg.lease_ms)) })
end

local function apply(step)
  if step == 'HELD' then
    return { 'HELD', digits(tonumber(work.lease) - now) }
  elseif step == 'REPUBLISH' then
    return { 'REPUBLISH', work.copy, work.att, work.inf }
  elseif step == string.upper(step) then
    return { step }
  end

  local final = ENDS[step]
  if final then
    if step == 'poison' then
      count_lost()
      set({ poi = '1' })
    end
    end_without_result(final[1])
    set({ ccopy = arg.copy })
    return { final[2], 'ended', finish() }
  end

  if step == 'repeat' then
    set({ lease = digits(math.max(tonumber(work.lease), now + tonumber(arg.lease_ms))) })
  else
    if step == 'lost' then
      count_lost()
    elseif step == 'ahead' then
      set({ att = arg.attempt, inf = arg.infra, copy = arg.copy })
    end
    run()
  end
  keep(true)
  return { 'RUN', work.tok, work.lost, work.tries, work.lease }
end
