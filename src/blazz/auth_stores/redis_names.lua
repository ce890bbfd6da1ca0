-- KEYS[1]: the blobs. Returns their names and sizes in turn, without their content.
local names = redis.call('HKEYS', KEYS[1])
local answer = {}
for _, name in ipairs(names) do
  answer[#answer + 1] = name
  answer[#answer + 1] = redis.call('HSTRLEN', KEYS[1], name)
end
return answer
