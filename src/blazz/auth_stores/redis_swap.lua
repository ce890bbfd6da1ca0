-- KEYS[1]: the record. ARGV: the expected version ('' if there is none), the new version, the new
-- content. Returns 1 if the record was replaced, 0 if it is another one than expected.
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'content', ARGV[3])
return 1
