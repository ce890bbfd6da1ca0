-- KEYS[1]: the record. Returns its content and version, and the server's seconds and microseconds.
local time = redis.call('TIME')
local record = redis.call('HMGET', KEYS[1], 'content', 'version')
return {record[1], record[2], time[1], time[2]}
