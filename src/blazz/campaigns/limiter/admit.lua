-- KEYS[1]: a sorted set of members by when they were last admitted. ARGV: the time ('' for the
-- server's), the most, the period, then the members. Returns for each the seconds to wait; '0'
-- means admitted.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local most, period = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.17g', now - period))
local count = redis.call('ZCARD', KEYS[1])
local stamp = string.format('%.17g', now)
local waits = {}
for i = 4, #ARGV do
  local known = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if known or count < most then
    redis.call('ZADD', KEYS[1], stamp, ARGV[i])
    if not known then count = count + 1 end
    waits[i - 3] = '0'
  else
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
    waits[i - 3] = string.format('%.17g', oldest + period - now)
  end
end
redis.call('PEXPIRE', KEYS[1], math.ceil(period * 1000))
return waits
