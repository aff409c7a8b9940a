// A judge in the middle: hands requests on to another Graph (the sandbox), and notes what
// in request or reply is not as graph.yaml says.

import { once } from 'node:events';
import http from 'node:http';

import { openJudge, plainPath } from './graph.mjs';

async function bytesOf(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

const parsed = (bytes) => (bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8')));

export class Judge {
  constructor(target) {
    this.target = new URL(target);
    this.violations = [];
    this.seen = new Map();
  }

  async start() {
    this.api = await openJudge();
    this.server = http.createServer((request, response) => {
      this.pass(request, response).catch(() => request.socket.destroy());
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  // The other side's answer; a cut there is a cut here.
  async pass(request, response) {
    const body = await bytesOf(request);
    const onward = http.request({
      host: this.target.hostname,
      port: this.target.port,
      method: request.method,
      path: request.url,
      headers: { ...request.headers, connection: 'close' }, // Host too: links lead back here.
    });
    onward.end(body);
    const [reply] = await once(onward, 'response');
    const answer = await bytesOf(reply);
    this.judge(request, body, reply.statusCode, answer);
    const { connection, 'transfer-encoding': _, ...headers } = reply.headers;
    response.writeHead(reply.statusCode, headers);
    response.end(answer);
  }

  note(what, errors) {
    if (errors?.length) this.violations.push(`${what}: ${errors.map((e) => `${e.instancePath} ${e.message}`)}`);
  }

  judge(request, body, status, answer) {
    const url = new URL(request.url, this.url);
    const judged = {
      method: request.method,
      path: plainPath(url.pathname),
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: parsed(body),
    };
    const operation = this.api.router.matchOperation(judged);
    if (!operation) {
      this.violations.push(`${request.method} ${url.pathname} is not in the document`);
      return;
    }
    const { operationId } = operation;
    this.seen.set(operationId, (this.seen.get(operationId) ?? 0) + 1);
    this.note(`request of ${operationId}`, this.api.validateRequest(judged, operation).errors);
    if (answer.length > 0) {
      this.note(`reply of ${operationId}`, this.api.validateResponse(parsed(answer), operation, status).errors);
    } else if (status !== 204) {
      this.violations.push(`reply of ${operationId}: ${status} without a body`);
    }
  }
}

export const startJudge = (target) => new Judge(target).start();
