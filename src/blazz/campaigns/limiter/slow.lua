-- Slows a number down, as in limiter/adaptive.py. KEYS[1]: its hash. ARGV: the time ('' for the
-- server's), cut, pause, the smallest factor, the rate of recovery, for how long complaints are
-- about what left before a cut.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local cut, pause, slowest = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local recovery, one_burst = tonumber(ARGV[5]), tonumber(ARGV[6])
local stored = redis.call('HMGET', KEYS[1], 'factor', 'cut_at', 'rest_until', 'arrival')
local factor, cut_at = tonumber(stored[1] or '1'), tonumber(stored[2] or '0')
local rest_until = math.max(tonumber(stored[3] or '0'), now + pause)
local current = math.min(1, factor + recovery * math.max(0, now - cut_at))
if not (current < 1 and now - cut_at < one_burst) then
  factor, cut_at = math.max(slowest, current * cut), now
end
redis.call('HSET', KEYS[1], 'factor', string.format('%.17g', factor),
  'cut_at', string.format('%.17g', cut_at), 'rest_until', string.format('%.17g', rest_until))
local over_at = math.max(rest_until, cut_at + (1 - factor) / recovery)
local left = math.max(over_at, tonumber(stored[4] or '0')) - now
redis.call('PEXPIRE', KEYS[1], math.ceil(math.min(left, 31536000) * 1000) + 10000)
