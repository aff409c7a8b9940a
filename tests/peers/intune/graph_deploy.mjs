// What is deployed to groups of devices: scripts and configuration profiles. Mixed into
// the Graph of graph.mjs.

import { randomUUID } from 'node:crypto';

import { advance, found, pick } from './graph_parts.mjs';

const shownConfig = ({ assignments, ...config }) => config;

export const deployments = {
  // ---- scripts ----

  listScripts(call) {
    return this.page([...this.scripts.values()].map((s) => pick(s, call.query.$select ?? 'id,displayName,description')), call);
  },

  createScript({ body }) {
    const script = { id: randomUUID(), ...body, targets: [], states: [...this.runs] };
    this.scripts.set(script.id, script);
    const { id, displayName, description } = script;
    return { status: 201, body: { id, displayName, description } };
  },

  assignScript({ params, body }) {
    found(this.scripts, params.id).targets = body.deviceManagementScriptAssignments.map(
      ({ target }) => found(this.groups, target.groupId).id,
    );
  },

  listRuns(call) {
    const script = found(this.scripts, call.params.id);
    const members = script.targets.flatMap((id) => [...this.groups.get(id).members]);
    const state = advance(script);
    return this.page(members.map((id) => ({ id: `run-${id}`, runState: state, resultMessage: 'CANARY-OUTPUT' })), call);
  },

  runSummary({ params }) {
    found(this.scripts, params.id);
    return { status: 200, body: { successDeviceCount: 0, errorDeviceCount: 0 } };
  },

  // ---- configuration profiles ----

  listConfigs(call) {
    return this.page([...this.configs.values()].map((c) => pick(c, call.query.$select)), call);
  },

  createConfig({ body }) {
    const config = { id: randomUUID(), ...body, assignments: [] };
    this.configs.set(config.id, config);
    return { status: 201, body: shownConfig(config) };
  },

  getConfig({ params, query }) {
    const config = found(this.configs, params.id);
    return { status: 200, body: query.$expand ? config : shownConfig(config) };
  },

  assignConfig({ params, body }) {
    const config = found(this.configs, params.id);
    config.assignments = body.assignments.map(({ target }) => {
      found(this.groups, target.groupId);
      return { id: `${config.id}_${target.groupId}`, target };
    });
    return { status: 200, body: { value: config.assignments } };
  },
};
