-- Posts the file that BODY names and prints what wrk measured as one line of JSON: as it is where CONTENT_TYPE is set, else as
-- the multipart form of an image, no two of 100 the same: behind their end are numbers, lest servers know them again.
local file = io.open(os.getenv("BODY"), "rb")
local body = file:read("*a")
file:close()

wrk.method = "POST"
-- As python-requests asks; wrk keeps its connections, too.
wrk.headers["Accept-Encoding"] = "gzip, deflate"
wrk.headers["Accept"] = "*/*"
wrk.headers["Content-Type"] = os.getenv("CONTENT_TYPE")
wrk.body = body
if not wrk.headers["Content-Type"] then
  local boundary = "keras-serve-benchmark"
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
  local requests = {}
  function init(_)
    for index = 1, 100 do
      requests[index] = wrk.format(nil, nil, nil, "--" .. boundary .. "\r\n"
        .. 'Content-Disposition: form-data; name="image"; filename="image.jpg"\r\n'
        .. "Content-Type: image/jpeg\r\n\r\n" .. body .. index .. "\r\n--" .. boundary .. "--\r\n")
    end
  end
  local sent = 0
  function request()
    sent = sent % #requests + 1
    return requests[sent]
  end
end

function done(summary, latency, _)
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.errors.status, summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.timeout))
end
