// Between a carrier and the host's callbacks: hands each call on with the carrier's
// certificate, and writes down what was said.

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

// Of a call, those that an adapter may read; of an answer, those that it sets.
const SAID = ['content-type', 'x-admin-protocol', 'allow'];

const chosen = (headers) => Object.fromEntries(SAID.filter((name) => name in headers)
  .map((name) => [name, headers[name]]));

async function textOf(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

export class CallbackTap {
  // `target`: "https://HOST/callbacks/NAME"; `tls` has read(name).
  static async open(target, tls) {
    const self = new CallbackTap();
    Object.assign(self, { target, calls: [] });
    self.tls = { ca: tls.read('ca.pem'), cert: tls.read('carrier.pem'), key: tls.read('carrier.key') };
    self.server = http.createServer((request, response) => self.pass(request, response));
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    self.url = `http://127.0.0.1:${self.server.address().port}`;
    return self;
  }

  async pass(request, response) {
    const { method, url } = request;
    const body = await textOf(request);
    const at = Date.now();
    const onward = https.request(this.target + url, {
      ...this.tls, method, headers: { ...request.headers, host: new URL(this.target).host },
    });
    onward.end(body);
    const [reply] = await once(onward, 'response');
    const told = await textOf(reply);
    this.calls.push({
      at_ms: at,
      request: {
        method, path: url, headers: chosen(request.headers), body,
      },
      reply: { status: reply.statusCode, headers: chosen(reply.headers), body: told },
    });
    response.writeHead(reply.statusCode, chosen(reply.headers));
    response.end(told);
  }

  close() {
    this.server.closeAllConnections?.();
    return new Promise((resolve) => { this.server.close(resolve); });
  }
}
