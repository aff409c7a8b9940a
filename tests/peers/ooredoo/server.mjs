// npm's soap as the carrier's server: it reads our WSDL, so what it takes and gives is by
// that document, and it judges user name, digest and nonce with its own code.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';

import soap from 'soap';
import { passwordDigest } from 'soap/lib/utils.js';

import { top } from '../smdp/rig.mjs';
import { Carrier, OPERATIONS } from './carrier.mjs';

export const contract = join(top, 'plugins/ooredoo/contract');
export const USER = 'esimd & co';
export const PASSWORD = 'p<ss>"word\'&';

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

export class SoapServer {
  // `version` "1.1" or "1.2"; `tls` has read(name).
  static async open(tls, version, stock) {
    const self = new SoapServer();
    self.carrier = new Carrier(stock);
    self.messages = []; // { operation, headers, xml } as they came.
    self.faults = []; // What is to go wrong, first come first served.
    self.nonces = new Set();
    self.server = https.createServer({
      cert: tls.read('server.pem'), key: tls.read('server.key'),
    });
    self.server.listen(0, '127.0.0.1');
    await once(self.server, 'listening');
    await self.serve(version);
    return self;
  }

  get address() {
    return `127.0.0.1:${this.server.address().port}`;
  }

  async serve(version) {
    const port = Object.fromEntries(OPERATIONS.map(
      (name) => [name, (args) => this.carrier.call(name, args)],
    ));
    let ready;
    const opened = new Promise((resolve) => { ready = resolve; });
    this.soap = soap.listen(this.server, {
      path: '/soap/esim',
      services: { Esim: { EsimSoap11: port, EsimSoap12: port } },
      xml: readFileSync(join(contract, 'esim.wsdl'), 'utf8'),
      uri: join(contract, 'esim.wsdl'),
      forceSoap12Headers: version === '1.2',
      callback: ready,
    });
    await opened;
    this.soap.authenticate = (security) => this.admits(security?.UsernameToken);
    const [answer] = this.server.listeners('request');
    this.server.removeAllListeners('request');
    this.server.on('request', (request, response) => this.take(request, response, answer));
  }

  admits(token) {
    const nonce = token?.Nonce?.$value;
    const fresh = nonce && !this.nonces.has(nonce);
    this.nonces.add(nonce);
    return Boolean(fresh && token.Username === USER
      && token.Password.$value === passwordDigest(nonce, token.Created, PASSWORD));
  }

  // fault: { operation?, how }: "drop_before", "drop_after", "cut:N" (N bytes of the reply),
  // or a function (response) that answers in the service's place.
  fail(fault) {
    this.faults.push(fault);
  }

  async take(request, response, answer) {
    const xml = await bodyOf(request).catch(() => null);
    if (xml === null) return; // The host was cut off inside of it.
    const operation = /<c:([A-Z]\w+) /.exec(xml)?.[1];
    this.messages.push({ operation, headers: request.headers, xml });
    request.body = xml;
    const at = this.faults.findIndex((f) => !f.operation || f.operation === operation);
    const { how } = at < 0 ? {} : this.faults.splice(at, 1)[0];
    if (how === 'drop_before') {
      request.socket.destroy();
    } else if (typeof how === 'function') {
      how(response);
    } else {
      if (how) cutInside(response, how === 'drop_after' ? -1 : Number(how.slice(4)));
      answer.call(this.server, request, response);
    }
  }

  asked(operation) {
    return this.messages.filter((m) => m.operation === operation).length;
  }

  close() {
    this.server.closeAllConnections?.();
    return new Promise((resolve) => { this.server.close(resolve); });
  }
}

// The reply goes out up to `bytes` of its content, then the connection ends; -1: nothing
// goes out at all.
function cutInside(response, bytes) {
  const pieces = [];
  response.write = (piece) => { pieces.push(Buffer.from(piece)); return true; };
  response.end = (piece) => {
    if (piece) pieces.push(Buffer.from(piece));
    const whole = Buffer.concat(pieces);
    const { socket } = response;
    if (bytes < 0) {
      socket.destroy();
      return;
    }
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${whole.length}\r\n\r\n`);
    socket.write(whole.subarray(0, bytes), () => { socket.destroy(); });
  };
}
