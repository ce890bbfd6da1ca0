-- Instances and assignments. KEYS: the prefix of all keys, which names their slot.
-- ARGV: 'announce', name, instance as JSON, seconds until it is not alive
--       'instances'
--       'assign', session, instance, epoch, cause, most records
--       'end', session, epoch, change, reason, most records, '1' to end it or '0' to go on
local prefix = KEYS[1]
local alive, about = prefix .. ':alive', prefix .. ':instances'
local owners = prefix .. ':owners'

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local function add(session, change, instance, epoch, reason, most)
  local key = prefix .. ':history:' .. session
  local at = string.format('%.6f', now())
  redis.call('LPUSH', key, cjson.encode({ at, change, instance, epoch, reason }))
  redis.call('LTRIM', key, 0, tonumber(most) - 1)
end

local operation = ARGV[1]
if operation == 'announce' then
  redis.call('ZADD', alive, now() + tonumber(ARGV[4]), ARGV[2])
  redis.call('HSET', about, ARGV[2], ARGV[3])
  return 1
end
if operation == 'instances' then
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', now())) do
    redis.call('ZREM', alive, name)
    redis.call('HDEL', about, name)
  end
  return redis.call('HVALS', about)
end

-- A session's state: epoch, migrations, the instance that ran it last.
local session = ARGV[2]
local state = prefix .. ':session:' .. session
if operation == 'assign' then
  local instance, epoch = ARGV[3], ARGV[4]
  local known = redis.call('HMGET', state, 'epoch', 'instance', 'migrations')
  if tonumber(epoch) < tonumber(known[1] or '0') then
    return 0
  end
  local migrations = tonumber(known[3] or '0')
  if known[2] and known[2] ~= instance then
    migrations = migrations + 1
  end
  redis.call('HSET', state, 'epoch', epoch, 'instance', instance, 'migrations', migrations)
  local since = string.format('%.6f', now())
  redis.call('HSET', owners, session, cjson.encode({ instance, epoch, since, migrations }))
  add(session, 'assigned', instance, epoch, ARGV[5], ARGV[6])
  return 1
end

local owner = redis.call('HGET', owners, session)
if not owner then
  return 0
end
local instance, epoch = unpack(cjson.decode(owner))
if epoch ~= ARGV[3] then
  return 0
end
if ARGV[7] == '1' then
  redis.call('HDEL', owners, session)
end
add(session, ARGV[4], instance, epoch, ARGV[5], ARGV[6])
return 1
