-- Removes fields from hashes, for the leader.
--
-- KEYS  1 term   then the hashes
-- ARGV  1 fence   then the fields
-- Returns {'fenced'} when another term is in force, else {'done'}
--
-- Why atomic: what a later term has written again must not be removed.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
for key = 2, #KEYS do
  for field = 2, #ARGV do redis.call('HDEL', KEYS[key], ARGV[field]) end
end
return {'done'}
