-- Makes wrk send an exact number of requests and have all of them answered.
--
-- wrk only knows a duration, at whose end requests are still in flight. But it asks delay() before every
-- request of a connection, that is once for each connection at the start and then after each response:
-- beyond the quota a connection is parked, and when the calls reach quota + connections all is answered.
-- The thread then says so on stderr and the runner ends wrk with SIGINT.
--
-- Arguments: REQUESTS CONNECTIONS (each per thread), then optionally METHOD BODY_BYTES.

local quota, connections, asked, parked = 0, 0, 0, 24 * 3600 * 1000
local by_status = {}

-- wrk runs one Lua state a thread; done() runs in the main one and reads the threads' globals.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  quota, connections = tonumber(args[1]), tonumber(args[2])
  if args[3] then
    wrk.method = args[3]
  end
  if args[4] then
    wrk.body = string.rep("b", tonumber(args[4]))
  end
  ready = wrk.format()
  statuses = ""
end

function request()
  return ready
end

function delay()
  asked = asked + 1
  if asked == quota + connections then
    for status, n in pairs(by_status) do
      statuses = statuses .. status .. "=" .. n .. " "
    end
    io.stderr:write("thread finished\n")
    io.stderr:flush()
  end
  return asked > quota and parked or 0
end

function response(status)
  by_status[status] = (by_status[status] or 0) + 1
end

function done(summary, latency)
  local answered = ""
  for _, thread in ipairs(threads) do
    answered = answered .. (thread:get("statuses") or "")
  end
  local e = summary.errors
  io.write(string.format("RESULT requests=%d duration_us=%d connect=%d read=%d write=%d timeout=%d p50_us=%d p95_us=%d p99_us=%d\n",
    summary.requests, summary.duration, e.connect, e.read, e.write, e.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
  io.write("STATUSES " .. answered .. "\n")
end
