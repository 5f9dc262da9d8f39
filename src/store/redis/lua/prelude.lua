-- The head of every script: its arguments by name, and the time.
--
-- ARGV holds names and values in turn. Keys come in KEYS, all of one hash slot; no key is ever made from data.
local arg = {}
for i = 1, #ARGV, 2 do
  arg[ARGV[i]] = ARGV[i + 1]
end

-- Lua writes large numbers as 1.7e+15.
local function digits(number)
  return string.format('%.0f', number)
end

-- The server's time, so that the clocks of workers do not matter. Only tests pass `now`.
local now_us
if arg.now then
  now_us = tonumber(arg.now) * 1000
else
  local time = redis.call('TIME')
  now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local now = math.floor(now_us / 1000)

local function read(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
  end
  return fields
end

-- Makes `key` live at least this long from now.
local function live_for(key, ms)
  if redis.call('PTTL', key) < tonumber(ms) then
    redis.call('PEXPIRE', key, ms)
  end
end
