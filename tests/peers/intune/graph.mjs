// Microsoft Graph for the tests, independent of adapter and sandbox: requests and replies
// are judged by openapi-backend from graph.yaml, tokens by whoever gave them. A request
// that the document does not allow is answered 400, and the reasons are in `refused`.
//
//   const graph = await startGraph({ isTokenGood });
//   graph.addDevice({ ... }); graph.fault({ operation, status, times });
//   graph.calls      every request, in order: { operation, status, body, ... }
//   graph.groups ... what there is

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';

import { OpenAPIBackend } from 'openapi-backend';
import { parse } from 'yaml';

import { deployments } from './graph_deploy.mjs';
import {
  advance, found, literal, notFound, pick, Refusal,
} from './graph_parts.mjs';

const BODY_MOST = 4 * 1024 * 1024;

// openapi-backend makes regular expressions of paths, in which "$" is the end.
export const plainPath = (path) => path.replaceAll('$', '~');

function readDefinition() {
  const definition = parse(readFileSync(new URL('graph.yaml', import.meta.url), 'utf8'));
  const paths = Object.entries(definition.paths);
  return { ...definition, paths: Object.fromEntries(paths.map(([k, v]) => [plainPath(k), v])) };
}

// A judge of Graph's messages: requests by .validateRequest, replies by .validateResponse.
export async function openJudge() {
  const judge = new OpenAPIBackend({
    definition: readDefinition(), strict: true, quick: false,
    ajvOpts: {
      strict: false, allErrors: true, formats: { uri: true, 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
    },
  });
  await judge.init();
  return judge;
}

async function readBody(request) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > BODY_MOST) throw new Refusal(413, 'RequestEntityTooLarge');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

export class Graph {
  constructor({ isTokenGood, pageSize = 2 }) {
    Object.assign(this, { isTokenGood, pageSize });
    this.devices = new Map();
    this.groups = new Map();
    this.pools = new Map();
    this.scripts = new Map();
    this.configs = new Map();
    this.calls = [];
    this.refused = [];
    this.faults = [];
    this.states = ['notEvaluated', 'installing', 'installed'];
    this.actions = ['pending', 'active', 'done'];
    this.runs = ['pending', 'success'];
    this.linkRoot = undefined;
  }

  async start() {
    this.api = await openJudge();
    this.server = http.createServer((request, response) => this.serve(request, response));
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

  // ---- what a test wants to be there, or to go wrong ----

  addDevice(members) {
    const id = members.id ?? randomUUID();
    this.devices.set(id, {
      id,
      deviceName: `PC-${this.devices.size + 1}`,
      operatingSystem: 'Windows',
      complianceState: 'compliant',
      lastSyncDateTime: '2026-01-01T00:00:00Z',
      azureADDeviceId: randomUUID(),
      objectId: randomUUID(),
      deviceActionResults: [],
      ...members,
    });
    return this.devices.get(id);
  }

  // The next `times` calls of an operation go wrong: with `status` and `headers`, or by
  // `drop` "before" or "after" the effect. `code` and `requestId` stand in the error.
  fault(members) {
    this.faults.push({ times: 1, ...members });
  }

  takeFault(operation) {
    const fault = this.faults.find((f) => f.operation === operation && f.times > 0);
    if (fault) fault.times -= 1;
    return fault;
  }

  count(operation, status) {
    return this.calls.filter((c) => c.operation === operation
      && (status === undefined || c.status === status)).length;
  }

  // ---- serving ----

  async serve(request, response) {
    try {
      const text = await readBody(request);
      const url = new URL(request.url, this.url);
      const reply = await this.answer({
        method: request.method,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      });
      if (reply.drop) request.socket.destroy();
      else this.write(response, reply);
    } catch (error) {
      if (error.code !== 'ECONNRESET') console.error(error); // Else the host was cut off.
      request.socket.destroy();
    }
  }

  write(response, { status, body, headers = {} }) {
    response.writeHead(status, {
      'request-id': randomUUID(),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  async answer(call) {
    const token = call.headers.authorization?.match(/^Bearer (.+)$/)?.[1];
    if (!token || !await this.isTokenGood(token)) {
      this.calls.push({ operation: 'token', status: 401, token });
      return { status: 401, body: this.errorBody('InvalidAuthenticationToken') };
    }
    return this.operate({ ...call, token });
  }

  // One request, from outside or from inside a batch.
  operate(call) {
    const judged = { ...call, path: plainPath(call.path), headers: call.headers ?? {} };
    const operation = this.api.router.matchOperation(judged);
    if (!operation) return this.finish(call, 'none', { status: 404, body: this.errorBody('BadRequest') });
    const name = operation.operationId;
    const checked = this.api.validateRequest(judged, operation);
    if (!checked.valid) {
      this.refused.push({ operation: name, reasons: checked.errors.map((e) => `${e.instancePath} ${e.message}`) });
      return this.finish(call, name, { status: 400, body: this.errorBody('BadRequest') });
    }
    const fault = this.takeFault(name);
    if (fault && fault.drop === 'before') return this.finish(call, name, { drop: true });
    if (fault?.status && !fault.effect) return this.finish(call, name, this.faultReply(fault));
    const { params } = this.api.router.parseRequest(judged, operation);
    const reply = this.carryOut(name, { ...call, params });
    this.judge(name, reply);
    if (fault?.drop) return this.finish(call, name, { drop: true }, true);
    return this.finish(call, name, fault ? this.faultReply(fault) : reply, true);
  }

  finish(call, operation, reply, effect = false) {
    this.calls.push({
      operation,
      at: performance.now(),
      status: reply.drop ? 0 : reply.status,
      effect: effect && call.method !== 'GET',
      path: call.path,
      query: call.query,
      body: call.body,
      token: call.token,
      requestId: call.headers?.['client-request-id'],
    });
    return reply;
  }

  faultReply({ status, headers, code = 'serverError', requestId }) {
    return { status, headers, body: this.errorBody(code, requestId) };
  }

  errorBody(code, requestId = randomUUID()) {
    // Both spellings occur.
    const inner = this.calls.length % 2 === 0 ? 'innerError' : 'innererror';
    return {
      error: {
        code, message: 'CANARY-GRAPH-WORDS', [inner]: { 'request-id': requestId, date: '2026-01-01T00:00:00' },
      },
    };
  }

  carryOut(name, call) {
    try {
      const reply = this[name](call);
      return reply ?? { status: 204 };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: this.errorBody(error.code) };
    }
  }

  // Our own replies must be as the document says, too.
  judge(name, { status, body }) {
    if (body === undefined) return;
    const { errors } = this.api.validateResponse(body, name, status);
    if (errors) throw new Error(`own reply of ${name} is wrong: ${JSON.stringify(errors)}`);
  }

  page(items, { path, query }, size = this.pageSize) {
    const from = Number(query.$skiptoken ?? 0);
    const next = from + size;
    const rest = new URLSearchParams({ ...query, $skiptoken: next });
    const link = `${this.linkRoot ?? this.url}${path}?${rest}`.replaceAll('+', '%20');
    return {
      status: 200,
      body: {
        value: items.slice(from, next),
        ...(next < items.length && { '@odata.nextLink': link }),
      },
    };
  }

  // ---- devices ----

  listDevices(call) {
    const since = call.query.$filter?.match(/ge (.*)$/)[1];
    const devices = [...this.devices.values()]
      .filter((d) => !since || d.lastSyncDateTime >= since)
      .map(({ objectId, eid, policies, ...device }) => device);
    return this.page(devices, call, Math.min(this.pageSize, Number(call.query.$top ?? 1000)));
  }

  getDevice({ params, query }) {
    const { objectId, eid, policies, ...device } = found(this.devices, params.id);
    for (const action of device.deviceActionResults) {
      if (action.states) action.actionState = advance(action);
    }
    const shown = { ...device, deviceActionResults: device.deviceActionResults.map(({ states, ...a }) => a) };
    return { status: 200, body: { id: device.id, ...pick(shown, query.$select) } };
  }

  getHardware({ params }) {
    const { id, eid } = found(this.devices, params.id);
    return { status: 200, body: { id, hardwareInformation: { esimIdentifier: eid ?? null } } };
  }

  listCompliance({ params }) {
    return { status: 200, body: { value: found(this.devices, params.id).policies ?? [] } };
  }

  complianceSummary() {
    const count = (state) => [...this.devices.values()].filter((d) => d.complianceState === state).length;
    return { status: 200, body: { compliantDeviceCount: count('compliant'), nonCompliantDeviceCount: count('noncompliant') } };
  }

  activateEsim({ params }) {
    found(this.devices, params.id).deviceActionResults.push({
      actionName: 'activateDeviceEsim',
      actionState: 'pending',
      startDateTime: new Date().toISOString(),
      states: [...this.actions],
    });
  }

  notify({ params }) {
    found(this.devices, params.id);
  }

  syncDevice({ params }) {
    found(this.devices, params.id).lastSyncDateTime = new Date().toISOString();
  }

  retireDevice({ params }) {
    if (!this.devices.delete(params.id)) throw notFound();
  }

  // ---- directory ----

  listDirectoryDevices({ query }) {
    const wanted = literal(query.$filter);
    const value = [...this.devices.values()].filter((d) => d.azureADDeviceId === wanted)
      .map((d) => ({ id: d.objectId }));
    return { status: 200, body: { value } };
  }

  listGroups({ query }) {
    const wanted = literal(query.$filter);
    const value = [...this.groups.values()].filter((g) => g.displayName === wanted)
      .map(({ id }) => ({ id }));
    return { status: 200, body: { value } };
  }

  createGroup({ body }) {
    const group = { id: randomUUID(), ...body, members: new Set() };
    this.groups.set(group.id, group);
    return { status: 201, body: { id: group.id, displayName: group.displayName } };
  }

  getGroup({ params }) {
    const { id, displayName } = found(this.groups, params.id);
    return { status: 200, body: { id, displayName } };
  }

  updateGroup({ params, body }) {
    const group = found(this.groups, params.id);
    for (const link of body['members@odata.bind'] ?? []) group.members.add(link.split('/').at(-1));
  }

  deleteGroup({ params }) {
    if (!this.groups.delete(params.id)) throw notFound();
  }

  listMembers(call) {
    const { members } = found(this.groups, call.params.id);
    return this.page([...members].map((id) => ({ id })), call, 100);
  }

  addMember({ params, body }) {
    const group = found(this.groups, params.id);
    const member = body['@odata.id'].split('/').at(-1);
    if (group.members.has(member)) throw new Refusal(400, 'Request_BadRequest');
    if (![...this.devices.values()].some((d) => d.objectId === member)) throw notFound();
    group.members.add(member);
  }

  removeMember({ params }) {
    if (!found(this.groups, params.id).members.delete(params.member)) throw notFound();
  }

  // ---- pools ----

  listPools(call) {
    return this.page([...this.pools.values()].map(Graph.shownPool), call);
  }

  static shownPool({ id, displayName, codes }) {
    return { id, displayName, activationCodeCount: codes.length };
  }

  createPool({ body }) {
    const pool = {
      id: randomUUID(), displayName: body.displayName, codes: body.activationCodes, assignments: [],
    };
    this.pools.set(pool.id, pool);
    return { status: 201, body: Graph.shownPool(pool) };
  }

  getPool({ params }) {
    return { status: 200, body: Graph.shownPool(found(this.pools, params.id)) };
  }

  deletePool({ params }) {
    if (!this.pools.delete(params.id)) throw notFound();
  }

  assignPool({ params, body }) {
    const pool = found(this.pools, params.id);
    pool.assignments = body.assignments.map(({ target }) => {
      const { members } = found(this.groups, target.groupId);
      const [taker] = [...this.devices.values()].filter((d) => members.has(d.objectId));
      return { id: `${pool.id}-${target.groupId}`, target, taker, states: [...this.states] };
    });
    return this.listAssignments({ params });
  }

  listAssignments({ params }) {
    const value = found(this.pools, params.id).assignments.map(({ id, target }) => ({ id, target }));
    return { status: 200, body: { value } };
  }

  listStates({ params }) {
    const pool = found(this.pools, params.id);
    const value = pool.assignments.filter(({ taker }) => taker).map((assignment) => ({
      id: randomUUID(),
      universalIntegratedCircuitCardIdentifier: pool.codes[0].integratedCircuitCardIdentifier,
      deviceName: assignment.taker.deviceName,
      state: advance(assignment),
    }));
    return { status: 200, body: { value } };
  }

  // ---- $batch ----

  batchV1(call) {
    return this.batch('/v1.0', call);
  }

  batchBeta(call) {
    return this.batch('/beta', call);
  }

  batch(root, { body, token }) {
    const ids = body.requests.map(({ id }) => id);
    if (new Set(ids).size !== ids.length) throw new Refusal(400, 'BadRequest');
    const answers = new Map();
    for (const item of body.requests) answers.set(item.id, this.batchItem(root, item, answers, token));
    const responses = [...answers].map(([id, { status, body: inner, headers }]) => ({
      id, status, ...(headers && { headers }), ...(inner && { body: inner }),
    }));
    return { status: 200, body: { responses: responses.reverse() } };
  }

  batchItem(root, item, answers, token) {
    const failed = (item.dependsOn ?? []).some((id) => !(answers.get(id)?.status < 300));
    if (failed) return { status: 424, body: this.errorBody('FailedDependency') };
    const url = new URL(`${root}${item.url}`, this.url);
    return this.operate({
      method: item.method, path: url.pathname, query: Object.fromEntries(url.searchParams), headers: {}, body: item.body, token,
    });
  }
}

Object.assign(Graph.prototype, deployments);

export const startGraph = (options) => new Graph(options).start();
