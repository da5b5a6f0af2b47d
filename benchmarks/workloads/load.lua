-- Sends distinct leads, every tenth a repeat of an earlier one; prints the counts and latencies as one line of JSON.
-- Arguments: the kind of body ("json" or "form"), and an id that makes the leads of this run distinct.

local threads = {}
local REPEAT_EVERY, REPEAT_DISTANCE = 10, 200

function setup(thread)
   table.insert(threads, thread)
   thread:set("number", #threads)
end

function init(args)
   kind, run = args[1], args[2]
   sent, distinct = 0, 0
   headers = { ["Content-Type"] = kind == "json" and "application/json" or "application/x-www-form-urlencoded" }
   bodies = {}
end

local function body_of(at)
   local id = run .. number .. "x" .. at
   local phone = string.format("916%07d", (at + number * 3000000) % 10000000)
   if kind == "json" then
      return '{"name":"Анна ' .. id .. '","phone":"+7' .. phone .. '","comment":"Нужен сайт ' .. id .. '"}'
   end
   return "Name=%D0%90%D0%BD%D0%BD%D0%B0+" .. id .. "&Phone=%2B7" .. phone .. "&Comments=%D0%A1%D0%B0%D0%B9%D1%82+" .. id
      .. "&tranid=" .. id .. "&formid=form1&utm_source=yandex&COOKIES=_ga%3D1"
end

function request()
   sent = sent + 1
   local at = distinct + 1
   if sent % REPEAT_EVERY == 0 and distinct > REPEAT_DISTANCE then
      at = distinct - REPEAT_DISTANCE
   else
      distinct = distinct + 1
   end
   return wrk.format("POST", nil, headers, body_of(at))
end

function done(summary, latency, requests)
   local all, new = 0, 0
   for _, thread in ipairs(threads) do
      all = all + thread:get("sent")
      new = new + thread:get("distinct")
   end
   local errors = summary.errors
   io.write(string.format(
      '\n{"answered":%d,"seconds":%.6f,"sent":%d,"distinct":%d,"refused":%d,"broken":%d,"p50":%.3f,"p99":%.3f}\n',
      summary.requests, summary.duration / 1e6, all, new, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
