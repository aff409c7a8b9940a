// What the tests of ES2+ stand on: certificates in a scratch folder, programs that print
// their address, a client that keeps its connection, a listener for notifications.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const top = fileURLToPath(new URL('../../../', import.meta.url));
export const build = process.env.B ?? 'build/debug';

export const sandboxProgram = join(top, build, 'esim-sandbox');
export const peerProgram = fileURLToPath(new URL('smdp.mjs', import.meta.url));

export const EID = '89001012012341234012345678901224';
export const OTHER_EID = '89044011112233441122334411223321';
export const PROTOCOL = 'gsma/rsp/v2.2.0';

// Certificates that are there: { dir, read() }
export const tlsIn = (dir) => ({ dir, read: (name) => readFileSync(join(dir, name)) });

// New ones: also remove()
export function makeTls() {
  const scratch = mkdtempSync(join(tmpdir(), 'esimd-smdp-'));
  const dir = join(scratch, 'tls');
  execFileSync(join(top, 'tools/dev-tls.sh'), [dir]);
  return { ...tlsIn(dir), remove: () => rmSync(scratch, { recursive: true, force: true }) };
}

// Starts a program whose first line is JSON with its address. { first, stop() }
export async function startProgram(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${command} ended with ${code} before it told its address`);
    }),
  ]);
  return {
    first: JSON.parse(line),
    pid: child.pid,
    // Resolves to the exit code.
    stop: async () => {
      if (child.exitCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      return code;
    },
  };
}

export const startSandbox = (tls, args = []) => startProgram(sandboxProgram, [
  'smdp', '--tls-dir', tls.dir, '--control', '127.0.0.1:0', ...args,
]);

export const startPeer = (tls, args = []) => startProgram(process.execPath, [
  peerProgram, '--tls-dir', tls.dir, ...args,
]);

function ask(module, options, body) {
  return new Promise((resolve, reject) => {
    const request = module.request(options, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('aborted', () => reject(new Error('cut inside the reply')));
      response.on('end', () => resolve({
        status: response.statusCode,
        headers: response.headers,
        text: Buffer.concat(pieces).toString('utf8'),
      }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

// A client of one SM-DP+, with the certificate of that name.
export class Client {
  constructor(address, tls, name = 'client') {
    [this.host, this.port] = address.split(':');
    this.agent = new https.Agent({
      keepAlive: true,
      maxSockets: 8,
      ca: tls.read('ca.pem'),
      ...(name && { cert: tls.read(`${name}.pem`), key: tls.read(`${name}.key`) }),
    });
    this.calls = 0;
  }

  close() {
    this.agent.destroy();
  }

  async raw(method, path, headers, body) {
    return ask(https, {
      host: this.host, port: this.port, path, method, headers, agent: this.agent,
    }, body);
  }

  // An ES2+ function with its header filled in, unless `members` has one.
  async call(name, members, headers = {}) {
    this.calls += 1;
    const body = JSON.stringify({
      header: {
        functionRequesterIdentifier: '1.2.3', functionCallIdentifier: `call-${this.calls}`,
      },
      ...members,
    });
    const reply = await this.raw('POST', `/gsma/rsp2/es2plus/${name}`, {
      'Content-Type': 'application/json',
      'X-Admin-Protocol': PROTOCOL,
      'Content-Length': Buffer.byteLength(body),
      ...headers,
    }, body);
    return { ...reply, json: reply.text ? JSON.parse(reply.text) : undefined };
  }

  async control(method, path, body) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const reply = await this.raw(method, path, {
      'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text ?? ''),
    }, text);
    return { status: reply.status, json: JSON.parse(reply.text) };
  }

  async profile(iccid) {
    return (await this.control('GET', `/sandbox/profiles/${iccid}`)).json;
  }

  async ledger() {
    const { text } = await this.raw('GET', '/sandbox/ledger', {});
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }
}

// "done", "8.2.5/3.7" or "HTTP 400".
export function outcome({ status, json }) {
  const result = json?.header?.functionExecutionStatus;
  if (status !== 200 || !result) return `HTTP ${status}`;
  if (result.status === 'Executed-Success') return 'done';
  const { subjectCode, reasonCode } = result.statusCodeData;
  return `${subjectCode}/${reasonCode}`;
}

// Where an SM-DP+ sends notifications; asks for its client certificate.
export async function listenForNotifications(tls) {
  const taken = [];
  const waiting = [];
  let answers = [];
  const server = https.createServer({
    ca: tls.read('ca.pem'),
    cert: tls.read('server.pem'),
    key: tls.read('server.key'),
    requestCert: true,
    rejectUnauthorized: true,
  }, async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    taken.push({
      path: request.url,
      headers: request.headers,
      subject: request.socket.getPeerCertificate().subject.CN,
      body: JSON.parse(Buffer.concat(pieces).toString('utf8')),
    });
    response.writeHead(answers.shift() ?? 204, { 'X-Admin-Protocol': PROTOCOL });
    response.end();
    waiting.splice(0).forEach((wake) => wake());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${server.address().port}/callbacks/atom`,
    taken,
    // The HTTP statuses of the next answers; 204 after them.
    answerWith: (statuses) => { answers = [...statuses]; },
    // Resolves when `count` notifications have come.
    atLeast: async (count) => {
      while (taken.length < count) {
        await new Promise((resolve) => { waiting.push(resolve); });
      }
      return taken;
    },
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections?.();
    }),
  };
}

// Asks again until `check` says yes; the test's own time limit is the end of it.
export async function eventually(check) {
  for (;;) {
    if (await check()) return;
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

