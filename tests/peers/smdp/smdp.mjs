// An SM-DP+ for the tests, independent of adapter and sandbox: requests and replies are
// judged by openapi-backend from es2plus.yaml, states by profiles.mjs. A request that the
// document does not allow is answered 400, and the reasons are in the ledger.
//
//   node smdp.mjs --tls-dir DIR [--listen 127.0.0.1:0] [--stock TYPE=N]... [--callback URL]
//
// prints {"side":"smdp-peer","address":"127.0.0.1:PORT"} and serves until SIGTERM.
//   GET  /sandbox/ledger                    lines of JSON
//   GET  /sandbox/profiles/{iccid}          one profile
//   POST /sandbox/callback                  {"url":"https://..."} instead of --callback
//   POST /sandbox/devices/{eid}/install     a device scans {"activation_code":"1$..."}

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { OpenAPIBackend } from 'openapi-backend';
import { parse } from 'yaml';

import { Profiles } from './profiles.mjs';

const BASE = '/gsma/rsp2/es2plus';
const BODY_MOST = 65536;
const PROTOCOL = 'gsma/rsp/v2.3.0';
const FUNCTIONS = ['downloadOrder', 'confirmOrder', 'cancelOrder', 'releaseProfile'];

export const definition = parse(
  readFileSync(new URL('es2plus.yaml', import.meta.url), 'utf8'),
);

// A judge of ES2+ messages: requests by .validateRequest, replies by .validateResponse.
export async function openJudge() {
  const judge = new OpenAPIBackend({
    definition, apiRoot: BASE, strict: true, ajvOpts: { strict: false, allErrors: true },
  });
  await judge.init();
  return judge;
}

async function readBody(request) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > BODY_MOST) throw new Error('body too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function replyOf({ failed, members }) {
  if (!failed) {
    return { header: { functionExecutionStatus: { status: 'Executed-Success' } }, ...members };
  }
  const [subjectCode, reasonCode] = failed;
  return {
    header: {
      functionExecutionStatus: {
        status: 'Failed', statusCodeData: { subjectCode, reasonCode },
      },
    },
  };
}

class Smdp {
  constructor({ judge, stock, callback, tls }) {
    this.judge = judge;
    this.callback = callback;
    this.tls = tls;
    this.lines = [];
    this.profiles = new Profiles({
      stock, onChange: (change) => this.record('state', change),
    });
  }

  record(kind, members) {
    this.lines.push({ seq: this.lines.length + 1, at_ms: Date.now(), kind, ...members });
  }

  // ES2+: [status, body].
  function(name, headers, body) {
    const checked = this.judge.validateRequest({
      method: 'POST', path: `${BASE}/${name}`, headers, body,
    });
    if (!checked.valid) {
      const reasons = checked.errors.map((e) => `${e.instancePath} ${e.message}`);
      this.record('refused', { function: name, reasons });
      return [400, { message: 'not as es2plus.yaml says', reasons }];
    }
    const result = this.profiles[name](body);
    const reply = replyOf(result);
    this.record('request', {
      function: name,
      call_id: body.header.functionCallIdentifier,
      requester: body.header.functionRequesterIdentifier,
      iccid: body.iccid ?? result.members?.iccid,
      ...(result.failed && { subject: result.failed[0], reason: result.failed[1] }),
    });
    const own = this.judge.validateResponse(reply, name, 200);
    if (own.errors) throw new Error(`own reply is wrong: ${JSON.stringify(own.errors)}`);
    return [200, reply];
  }

  profile(iccid) {
    const found = this.profiles.find(iccid);
    if (!found) return [404, { message: 'no such profile' }];
    return [200, {
      iccid: found.iccid,
      profileType: found.type,
      state: found.state,
      eid: found.eid ?? '',
      matchingId: found.matchingId ?? '',
      hasConfirmationCode: Boolean(found.confirmation),
    }];
  }

  // SGP.22's own example of a notification differs from its schema: it has timeStamp and
  // a point that is text. The sandbox follows the schema; this peer follows the example.
  async notify(profile, eid, point, codes) {
    const status = codes
      ? { status: 'Failed', statusCodeData: { subjectCode: codes[0], reasonCode: codes[1] } }
      : { status: 'Executed-Success' };
    const body = JSON.stringify({
      header: {
        functionRequesterIdentifier: 'smdp-peer', functionCallIdentifier: randomUUID(),
      },
      eid,
      iccid: `${profile.iccid}F`,
      profileType: profile.type,
      timeStamp: new Date().toISOString().replace(/\.\d+Z$/, '+00:00'),
      notificationPointId: String(point),
      notificationPointStatus: status,
    });
    const url = this.callback && `${this.callback}${BASE}/handleDownloadProgressInfo`;
    const answered = await post(url, this.tls, body).catch((error) => error.message);
    this.record('notification', { iccid: profile.iccid, point, result: answered });
  }

  async install(eid, body) {
    const code = /^(?:LPA:)?1\$[^$]+\$([0-9A-Z-]*)/.exec(body?.activation_code ?? '');
    if (!code) return [400, { message: 'activation_code must be 1$address$matching id' }];
    const profile = this.profiles.waitingFor(code[1], eid);
    if (!profile) return [404, { message: 'no order has this matching id' }];
    if (profile.state !== 'Released' || (profile.eid !== undefined && profile.eid !== eid)) {
      return [409, { message: `the profile is ${profile.state}` }];
    }
    this.walk(profile, eid, body);
    return [202, { message: 'under way: see the ledger' }];
  }

  async walk(profile, eid, body) {
    if (!this.profiles.acceptsConfirmation(profile, body.confirmation_code)) {
      await this.notify(profile, eid, 2, ['8.2.7', '3.8']);
      return;
    }
    await this.notify(profile, eid, 1);
    this.profiles.move(profile, 'Downloaded', 'device');
    await this.notify(profile, eid, 3);
    this.profiles.move(profile, 'Installed', 'device');
    await this.notify(profile, eid, 4);
  }

  async route(request) {
    const path = request.url.split('?')[0];
    const text = await readBody(request);
    const name = path.startsWith(`${BASE}/`) ? path.slice(BASE.length + 1) : undefined;
    if (FUNCTIONS.includes(name)) {
      if (request.method !== 'POST') return [405, { message: 'only POST is allowed' }];
      const isJson = /^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '');
      if (!isJson) return [415, { message: 'Content-Type must be application/json' }];
      return this.function(name, request.headers, parseJson(text));
    }
    const [, first, noun, id, verb] = path.split('/');
    if (first !== 'sandbox') return [404, { message: 'no such function' }];
    if (noun === 'ledger' && !id) return [200, this.lines];
    if (noun === 'callback' && request.method === 'POST') {
      this.callback = parseJson(text)?.url;
      return [200, { url: this.callback }];
    }
    if (noun === 'profiles' && id && !verb) return this.profile(id);
    if (noun === 'devices' && verb === 'install' && request.method === 'POST') {
      return this.install(id, parseJson(text));
    }
    return [404, { message: 'no such route' }];
  }

  async serve(request, response) {
    let answer;
    try {
      answer = await this.route(request);
    } catch (error) {
      answer = [500, { message: error.message }];
    }
    const [status, body] = answer;
    const isLedger = Array.isArray(body);
    response.writeHead(status, {
      'Content-Type': isLedger ? 'application/x-ndjson' : 'application/json',
      'X-Admin-Protocol': PROTOCOL,
    });
    response.end(isLedger ? body.map((line) => `${JSON.stringify(line)}\n`).join('')
      : JSON.stringify(body));
  }
}

// POSTs a notification; resolves to the HTTP status.
function post(url, tls, body) {
  return new Promise((resolve, reject) => {
    if (!url) {
      resolve('no callback URL');
      return;
    }
    const module = url.startsWith('https:') ? https : http;
    const request = module.request(url, {
      method: 'POST',
      ca: tls.ca,
      cert: tls.carrierCert,
      key: tls.carrierKey,
      timeout: 10000,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        'X-Admin-Protocol': PROTOCOL,
      },
    }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', reject);
    request.end(body);
  });
}

// Resolves to { address, server, close() }.
export async function startSmdp({ tlsDir, listen = '127.0.0.1:0', stock = { P1: 1000 }, callback }) {
  const file = (name) => readFileSync(join(tlsDir, name));
  const tls = {
    ca: file('ca.pem'), carrierCert: file('carrier.pem'), carrierKey: file('carrier.key'),
  };
  const smdp = new Smdp({ judge: await openJudge(), stock, callback, tls });
  const server = https.createServer({
    ca: tls.ca,
    cert: file('server.pem'),
    key: file('server.key'),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  }, (request, response) => smdp.serve(request, response));
  const [host, port] = listen.split(':');
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port), host, resolve);
  });
  return {
    address: `${host}:${server.address().port}`,
    server,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections?.();
    }),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      'tls-dir': { type: 'string' },
      listen: { type: 'string', default: '127.0.0.1:0' },
      stock: { type: 'string', multiple: true, default: ['P1=1000'] },
      callback: { type: 'string' },
    },
  });
  const stock = Object.fromEntries(values.stock.map((spec) => {
    const [type, count] = spec.split('=');
    return [type, Number(count)];
  }));
  const peer = await startSmdp({
    tlsDir: values['tls-dir'], listen: values.listen, stock, callback: values.callback,
  });
  console.log(JSON.stringify({ side: 'smdp-peer', address: peer.address }));
  process.on('SIGTERM', () => peer.close());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
