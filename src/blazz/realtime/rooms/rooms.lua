-- Seats in channels, over all instances. KEYS: the prefix of all keys, which names their slot.
-- ARGV: 'enter', instance, channel, socket, user id or '', signed data
--       'leave', instance, then channel and socket of each seat
--       'alive', instance, seconds until its seats are given up otherwise
local prefix = KEYS[1]

local function key(kind, name)
  return prefix .. ':' .. kind .. ':' .. name
end

local function enter(instance, channel, socket, user, data)
  local seats = key('seats', channel)
  if redis.call('HSETNX', seats, socket, instance .. '/' .. user) == 0 then
    return 0
  end
  redis.call('SADD', key('held', instance), channel .. ' ' .. socket)
  redis.call('HINCRBY', prefix .. ':counts', channel, 1)
  if user == '' then
    return 0
  end
  redis.call('HSET', key('data', channel), user, data)
  return redis.call('HINCRBY', key('users', channel), user, 1) == 1 and 1 or 0
end

-- Adds channel and user to `gone` if it was the user's last seat.
local function leave(instance, channel, socket, gone)
  local seats = key('seats', channel)
  local seat = redis.call('HGET', seats, socket)
  if not seat or string.sub(seat, 1, #instance + 1) ~= instance .. '/' then
    return
  end
  local user = string.sub(seat, #instance + 2)
  redis.call('HDEL', seats, socket)
  redis.call('SREM', key('held', instance), channel .. ' ' .. socket)
  if redis.call('HINCRBY', prefix .. ':counts', channel, -1) <= 0 then
    redis.call('HDEL', prefix .. ':counts', channel)
  end
  if user ~= '' and redis.call('HINCRBY', key('users', channel), user, -1) <= 0 then
    redis.call('HDEL', key('users', channel), user)
    redis.call('HDEL', key('data', channel), user)
    table.insert(gone, channel)
    table.insert(gone, user)
  end
end

local function give_up(instance, gone)
  for _, seat in ipairs(redis.call('SMEMBERS', key('held', instance))) do
    local channel, socket = string.match(seat, '^(%S+) (%S+)$')
    leave(instance, channel, socket, gone)
  end
  redis.call('DEL', key('held', instance))
end

local operation, instance = ARGV[1], ARGV[2]
if operation == 'enter' then
  return enter(instance, ARGV[3], ARGV[4], ARGV[5], ARGV[6])
end
local gone = {}
if operation == 'leave' then
  for i = 3, #ARGV, 2 do
    leave(instance, ARGV[i], ARGV[i + 1], gone)
  end
  return gone
end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local instances = prefix .. ':instances'
local known = redis.call('ZSCORE', instances, instance) and 1 or 0
redis.call('ZADD', instances, now + tonumber(ARGV[3]), instance)
for _, silent in ipairs(redis.call('ZRANGEBYSCORE', instances, '-inf', '(' .. now)) do
  redis.call('ZREM', instances, silent)
  give_up(silent, gone)
end
return { known, gone }
