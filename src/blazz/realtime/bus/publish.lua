-- Publishes a notice: numbers it, stores it, and lets go of the oldest.
-- KEYS: stream, state, what this publication is known by: a repetition, whose answer was lost on the
-- way, gets the same answer and publishes nothing.
-- ARGV: life to begin if there is none, backlog, channel, name, data, origin, author.
local done = redis.call('GET', KEYS[3])
if done then
  return cjson.decode(done)
end
local life = redis.call('HGET', KEYS[2], 'life')
if not life then
  life = ARGV[1]
  redis.call('HSET', KEYS[2], 'life', life)
end
local count = redis.call('HINCRBY', KEYS[2], 'count', 1)
if count == 1 then
  -- What a life that was lost left behind has numbers that come later.
  redis.call('DEL', KEYS[1])
end
local time = redis.call('TIME')
local at = string.format('%d.%06d', time[1], time[2])
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], count .. '-0', 'life', life, 'channel', ARGV[3],
  'name', ARGV[4], 'data', ARGV[5], 'origin', ARGV[6], 'author', ARGV[7], 'at', at)
local answer = { life, count, at }
redis.call('SET', KEYS[3], cjson.encode(answer), 'EX', 60)
return answer
