-- One of each key's bucket. KEYS: a number each, its theoretical arrival time. ARGV: the time (''
-- for the server's), rate, burst. Returns for each the seconds to wait; '0' means granted.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local interval, burst = 1 / tonumber(ARGV[2]), tonumber(ARGV[3])
local waits = {}
for i, key in ipairs(KEYS) do
  local arrival = math.max(tonumber(redis.call('GET', key) or '0'), now)
  if math.floor(burst - (arrival - now) / interval + 1e-6) >= 1 then
    arrival = arrival + interval
    local left = math.ceil(math.min(arrival - now, 31536000) * 1000) + 10000
    redis.call('SET', key, string.format('%.17g', arrival), 'PX', left)
    waits[i] = '0'
  else
    waits[i] = string.format('%.17g', (arrival - now) - (burst - 1) * interval)
  end
end
return waits
