// Between an HTTP server and its clients: writes down each request and the bytes that went
// back, and answers or cuts in the server's place when it is told to.

// Of a request, those that an adapter sets; credentials never. Of a reply, those that one
// may read.
const ASKED = ['content-type', 'accept', 'soapaction', 'x-admin-protocol', 'client-request-id'];
const UNREAD = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'x-powered-by'];

function unchunked(bytes) {
  const pieces = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (size === 0) return Buffer.concat(pieces);
    if (end + 4 + size > bytes.length) return undefined;
    pieces.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}

// The reply as the host could read it; null when nothing came, { cut } when not all of it.
function replyOf(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (bytes.length === 0) return null;
  if (end < 0) return { cut: bytes.toString('utf8') };
  const [line, ...rows] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(rows.map((row) => {
    const at = row.indexOf(':');
    return [row.slice(0, at).toLowerCase(), row.slice(at + 1).trim()];
  }));
  const rest = bytes.subarray(end + 4);
  const size = Number(headers['content-length'] ?? 0);
  let body = rest.length >= size ? rest.subarray(0, size) : undefined;
  if (headers['transfer-encoding'] === 'chunked') body = unchunked(rest);
  if (body === undefined) return { cut: rest.toString('utf8') };
  UNREAD.forEach((name) => delete headers[name]);
  return { status: Number(line.split(' ')[1]), headers, body: body.toString('utf8') };
}

export class HttpTap {
  // `reveal(request)`: { now_ms, random } of the step that wrote it, where it can be told;
  // `edit(text)`: a request's body without what must not be written down.
  constructor(server, { only = () => true, reveal = () => undefined, edit = (text) => text } = {}) {
    Object.assign(this, { only, reveal, edit, heard: [], faults: [], open: new WeakMap() });
    const judges = server.listeners('request');
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (this.only(request)) this.note(request);
      const at = this.faults.findIndex(({ fits }) => fits(request));
      const fault = at < 0 || !this.only(request) ? undefined : this.faults.splice(at, 1)[0];
      if (fault?.how === 'lose') this.lose(request.socket);
      if (fault?.answer) fault.answer(response);
      else judges.forEach((judge) => judge.call(server, request, response));
    });
  }

  // The next request that fits is carried out, and its reply is lost.
  loseReply(fits) {
    this.faults.push({ fits, how: 'lose' });
  }

  // The next request that fits is answered so, and does not come to the judge.
  answer(fits, answer) {
    this.faults.push({ fits, answer });
  }

  note(request) {
    const entry = { request, at: Date.now(), asked: [], told: [] };
    const { push } = request;
    request.push = (piece, ...more) => {
      if (piece) entry.asked.push(Buffer.from(piece));
      return push.call(request, piece, ...more);
    };
    this.heard.push(entry);
    this.listen(request.socket).entry = entry;
  }

  listen(socket) {
    const known = this.open.get(socket);
    if (known) return known;
    const line = {};
    const { write } = socket;
    this.open.set(socket, line);
    socket.write = (bytes, encoding, ...more) => {
      const is = typeof encoding === 'string' ? encoding : undefined;
      if (line.isLost) return socket.destroy();
      line.entry.told.push(Buffer.from(bytes, is));
      return write.call(socket, bytes, encoding, ...more);
    };
    return line;
  }

  lose(socket) {
    this.listen(socket).isLost = true;
  }

  // ---- what a story asks ----

  begin() {
    this.heard.length = 0;
    return {};
  }

  take() {
    return { exchanges: this.heard.splice(0).map((entry) => this.shown(entry)) };
  }

  whole() {
    return {};
  }

  shown({ request, at, asked, told }) {
    const body = Buffer.concat(asked).toString('utf8');
    // curl says "*/*" where the adapter says nothing.
    const names = ASKED.filter((name) => ![undefined, '*/*'].includes(request.headers[name]));
    const written = {
      method: request.method,
      path: request.url,
      headers: Object.fromEntries(names.map((name) => [name, request.headers[name]])),
      body,
    };
    return {
      at_ms: at,
      step: this.reveal(written),
      request: { ...written, body: this.edit(body) },
      reply: replyOf(Buffer.concat(told)),
    };
  }
}
