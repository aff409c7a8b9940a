-- wrk: GET with the API key; nginx gets the same header and ignores it.
function init()
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")
end
function done(summary)
    local bad = summary.errors.status + summary.errors.connect + summary.errors.read +
        summary.errors.write + summary.errors.timeout
    io.write(string.format("requests=%d bad=%d us=%d\n", summary.requests, bad,
        summary.duration))
end
