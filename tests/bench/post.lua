-- wrk: POST /v1/orders, each with an idempotency key of its own.
-- BODY: another body; "NUMBER" and "HEXADECI" in it become eight digits, new in each order.
-- ORDERS: not more than so many.
local most = tonumber(os.getenv("ORDERS") or "")
local thread_count = 0
local sent = 0
function setup(thread)
    thread:set("thread_id", thread_count)
    thread_count = thread_count + 1
end
local body = os.getenv("BODY") or
    '{"type":"profile.provision","plan":"gold","carrier":"atom",' ..
    '"device":{"eid":"89049032123451234512345678901235"},"profile_type":"P1"}'
function request()
    sent = sent + 1
    if sent == most then
        wrk.thread:stop()
    end
    return wrk.format("POST", "/v1/orders", {
        ["Authorization"] = "Bearer " .. os.getenv("KEY"),
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = os.getenv("RUN") .. "-" .. thread_id .. "-" .. sent,
    }, (body:gsub("NUMBER", string.format("%08d", sent % 100000000))
        :gsub("HEXADECI", string.format("%08x", sent))))
end
function done(summary)
    local bad = summary.errors.status + summary.errors.connect + summary.errors.read +
        summary.errors.write + summary.errors.timeout
    io.write(string.format("requests=%d bad=%d us=%d\n", summary.requests, bad,
        summary.duration))
end
