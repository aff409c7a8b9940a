-- wrk: one message an order, each to a number of its own, so that none waits for another.
local sent = 0
function request()
    sent = sent + 1
    return wrk.format("POST", "/v1/orders", {
        ["Authorization"] = "Bearer " .. os.getenv("KEY"),
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = os.getenv("RUN") .. "-" .. sent,
    }, string.format('{"type":"sms.send","carrier":"mpt","msisdn":"+9597%08d","text":"Hello"}',
        sent % 100000000))
end
function done(summary)
    local bad = summary.errors.status + summary.errors.connect + summary.errors.read +
        summary.errors.write + summary.errors.timeout
    io.write(string.format("requests=%d bad=%d us=%d\n", summary.requests, bad,
        summary.duration))
end
