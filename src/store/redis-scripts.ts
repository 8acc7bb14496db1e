import { createHash } from "node:crypto";

/**
 * What every script starts with. Keys hold NUL between their parts, which no part contains; a member of an
 * ordered set is `order NUL id`, all with score 0, so that the set is in order byte by byte. Time is Redis's.
 */
const PRELUDE = `
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local SEP = string.char(0)
local EXPIRY = prefix .. 'expiry'

local function key(kind, ...)
  return prefix .. kind .. SEP .. table.concat({...}, SEP)
end

local function split(text)
  local at = string.find(text, '%z')
  return string.sub(text, 1, at - 1), string.sub(text, at + 1)
end

local function untag(c, member, tags)
  for _, tag in ipairs(tags) do
    redis.call('ZREM', key('tag', c, tag), member)
    if redis.call('EXISTS', key('tag', c, tag)) == 0 then redis.call('SREM', key('tags', c), tag) end
  end
end

local function tagged(c, member, tags)
  for _, tag in ipairs(tags) do
    redis.call('ZADD', key('tag', c, tag), 0, member)
    redis.call('SADD', key('tags', c), tag)
  end
end

local function drop(c, i)
  local held = redis.call('HMGET', key('record', c, i), 'm', 't', 'x')
  if held[1] then
    redis.call('ZREM', key('order', c), held[1])
    untag(c, held[1], cjson.decode(held[2]))
  end
  if held[3] then redis.call('ZREM', EXPIRY, c .. SEP .. i) end
  redis.call('SREM', key('ids', c), i)
  redis.call('DEL', key('record', c, i))
end
`;

/** A Lua script with the name Redis keeps it under. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

function script(body: string): Script {
  const source = PRELUDE + body;
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/** ARGV: prefix, collection, id. Answers value and version, or nothing. */
export const GET = script(`
local held = redis.call('HMGET', key('record', ARGV[2], ARGV[3]), 'v', 'n', 'x')
if not held[1] or (held[3] and tonumber(held[3]) <= now) then return nil end
return {held[1], held[2]}
`);

/**
 * ARGV: prefix, the changes as JSON ({k,c,i,n?,o?,t?,x?}), then one value a change. Looks first whether all
 * of them fit, each seeing those before it, and only then writes. Answers 1 or 0.
 */
export const COMMIT = script(`
local changes = cjson.decode(ARGV[2])
local seen = {}
for _, ch in ipairs(changes) do
  local name = key('record', ch.c, ch.i)
  local held = seen[name]
  if held == nil then
    local found = redis.call('HMGET', name, 'n', 'x')
    if found[1] and found[2] and tonumber(found[2]) <= now then
      drop(ch.c, ch.i)
      found[1] = false
    end
    held = found[1] and tonumber(found[1])
  end
  if ch.k == 'insert' then
    if held then return 0 end
    seen[name] = 1
  else
    if not held or (ch.n and ch.n ~= held) then return 0 end
    seen[name] = ch.k == 'replace' and held + 1
  end
end
for at, ch in ipairs(changes) do
  local name = key('record', ch.c, ch.i)
  if ch.k == 'insert' then
    redis.call('HSET', name, 'v', ARGV[at + 2], 'n', 1)
    redis.call('SADD', key('ids', ch.c), ch.i)
    if ch.o then
      local member = ch.o .. SEP .. ch.i
      redis.call('HSET', name, 'm', member, 't', cjson.encode(ch.t))
      redis.call('ZADD', key('order', ch.c), 0, member)
      tagged(ch.c, member, ch.t)
    end
  elseif ch.k == 'replace' then
    redis.call('HSET', name, 'v', ARGV[at + 2])
    redis.call('HINCRBY', name, 'n', 1)
    local held = redis.call('HMGET', name, 'm', 't')
    if ch.t and held[1] then
      untag(ch.c, held[1], cjson.decode(held[2]))
      tagged(ch.c, held[1], ch.t)
      redis.call('HSET', name, 't', cjson.encode(ch.t))
    end
  else
    drop(ch.c, ch.i)
  end
  if ch.x then
    local expires = string.format('%.0f', now + ch.x)
    redis.call('HSET', name, 'x', expires)
    redis.call('ZADD', EXPIRY, expires, ch.c .. SEP .. ch.i)
  end
end
return 1
`);

/**
 * ARGV: prefix, {c, tags, low, high, forward, limit} as JSON. Walks the set of the rarest tag, or of the
 * collection, between two bounds. Answers 1 if there is more, then id, version and value of each record.
 */
export const PAGE = script(`
local q = cjson.decode(ARGV[2])
local source, others, least = key('order', q.c), {}, nil
for at, tag in ipairs(q.tags) do
  local size = redis.call('ZCARD', key('tag', q.c, tag))
  if not least or size < least then source, least = key('tag', q.c, tag), size end
end
for _, tag in ipairs(q.tags) do
  if key('tag', q.c, tag) ~= source then others[#others + 1] = key('tag', q.c, tag) end
end
local function fits(member)
  for _, other in ipairs(others) do
    if not redis.call('ZSCORE', other, member) then return false end
  end
  return true
end
local batch = #others == 0 and math.min(q.limit + 1, 1000) or 500
local answer, found, low, high = {0}, 0, q.low, q.high
while true do
  local members
  if q.forward then
    members = redis.call('ZRANGEBYLEX', source, low, high, 'LIMIT', 0, batch)
  else
    members = redis.call('ZREVRANGEBYLEX', source, high, low, 'LIMIT', 0, batch)
  end
  for _, member in ipairs(members) do
    if fits(member) then
      local _, id = split(member)
      local held = redis.call('HMGET', key('record', q.c, id), 'v', 'n', 'x')
      if not held[1] then
        redis.call('ZREM', source, member)
      elseif held[3] and tonumber(held[3]) <= now then
        drop(q.c, id)
      elseif found == q.limit then
        answer[1] = 1
        return answer
      else
        found = found + 1
        answer[#answer + 1] = id
        answer[#answer + 1] = held[2]
        answer[#answer + 1] = held[1]
      end
    end
  end
  if #members < batch then return answer end
  if q.forward then low = '(' .. members[#members] else high = '(' .. members[#members] end
end
`);

/** ARGV: prefix, collection. */
export const CLEAR = script(`
local c = ARGV[2]
for _, id in ipairs(redis.call('SMEMBERS', key('ids', c))) do
  redis.call('ZREM', EXPIRY, c .. SEP .. id)
  redis.call('DEL', key('record', c, id))
end
for _, tag in ipairs(redis.call('SMEMBERS', key('tags', c))) do redis.call('DEL', key('tag', c, tag)) end
redis.call('DEL', key('ids', c), key('tags', c), key('order', c))
return 1
`);

/** ARGV: prefix, how many at most. Drops records that have expired and answers how many there were. */
export const SWEEP = script(`
local due = redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', now, 'LIMIT', 0, tonumber(ARGV[2]))
for _, entry in ipairs(due) do
  local c, id = split(entry)
  drop(c, id)
  redis.call('ZREM', EXPIRY, entry)
end
return #due
`);
