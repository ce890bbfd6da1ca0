-- The generic cell rate algorithm with partial grants, as in limiter/local.py and adaptive.py.
-- KEYS[1]: a hash: arrival, factor, cut_at, rest_until. ARGV: the time ('' for the server's), how
-- many are asked for, rate, burst, the share of the burst that may be used, the rate of recovery.
-- Returns how many are granted, and the seconds until there will be one.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local asked, rate = tonumber(ARGV[2]), tonumber(ARGV[3])
local burst, part, recovery = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local stored = redis.call('HMGET', KEYS[1], 'arrival', 'factor', 'cut_at', 'rest_until')
local rest_until = tonumber(stored[4] or '0')
if rest_until > now then
  return {0, string.format('%.17g', rest_until - now)}
end
local over_at = 0
if stored[2] then
  local cut_at = tonumber(stored[3])
  local factor = math.min(1, stored[2] + recovery * math.max(0, now - cut_at))
  over_at = cut_at + (1 - stored[2]) / recovery
  if factor < 1 then
    rate = rate * factor
    -- Rounded half to even, as Python does, so that both grant the same.
    local exact = burst * factor
    burst = math.floor(exact + 0.5)
    if burst - exact == 0.5 and burst % 2 == 1 then burst = burst - 1 end
    burst = math.max(1, burst)
  end
end
local share = math.max(1, math.floor(burst * part))
local interval = 1 / rate
local arrival = math.max(tonumber(stored[1] or '0'), now)
-- The tiny addition makes up for rounding.
local room = math.floor(share - (arrival - now) / interval + 1e-6)
local granted = math.max(0, math.min(asked, room))
if granted == 0 then
  return {0, string.format('%.17g', (arrival - now) - (share - 1) * interval)}
end
arrival = arrival + granted * interval
redis.call('HSET', KEYS[1], 'arrival', string.format('%.17g', arrival))
-- A full bucket of a number that has recovered is like a new one.
local left = math.max(arrival, over_at) - now
redis.call('PEXPIRE', KEYS[1], math.ceil(math.min(left, 31536000) * 1000) + 10000)
return {granted, '0'}
