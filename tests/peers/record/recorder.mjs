// What was ordered, what went over the wire for it and how it ended, as one file a story:
// tests/data/recorded/README.md has the format. A story is written when RECORD=DIR names
// a folder; without it nothing is.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { eventually } from '../smdp/rig.mjs';

const ENDED = ['completed', 'failed', 'held', 'rejected', 'partial'];
const OUTCOMES = [undefined, 'DONE', 'REFUSED', 'NOT_YET', 'UNKNOWN'];

// A folder of one adapter's stories, or undefined when nobody records.
export const folderOf = (adapter) => process.env.RECORD && join(process.env.RECORD, adapter);

// What the host's store alone knows of an order: its steps as they were carried out.
function stepsOf(dir, id) {
  const rows = execFileSync('sqlite3', ['-readonly', '-json', join(dir, 'data/esimd.db'),
    `SELECT capability, kind, operation_id AS operation, outcome, problem FROM steps
     WHERE order_id = '${id}' AND started_ms IS NOT NULL
     ORDER BY kind, CASE kind WHEN 'do' THEN position ELSE -position END`], { encoding: 'utf8' });
  return JSON.parse(rows || '[]').map(({ outcome, problem, ...step }) => ({
    ...step, end: { outcome: OUTCOMES[outcome] ?? 'NOT_YET', ...JSON.parse(problem ?? '{}') },
  }));
}

export class Story {
  // members: adapter, judge (who was on the other side), settings (of the adapter, without
  // secrets), masked (what is not written down as it was). `tap` hears the wire.
  constructor(name, members, tap) {
    Object.assign(this, { name, members, tap, orders: [], facts: [], calls: [] });
  }

  // Places an order in `world` (ask and dir) and follows it to its end.
  // `known`: what the host knows of its profile already, and asks the adapter with.
  async order(world, ordered, known) {
    const placed = await this.place(world, ordered);
    return this.ended(world, placed, known);
  }

  async place(world, ordered) {
    const begun = this.tap.begin();
    const body = { carrier: this.members.carrier ?? this.members.adapter, ...ordered };
    const found = await world.ask('POST', '/v1/orders', body);
    if (!found.id) throw new Error(`${this.name}: ${JSON.stringify(found)}`);
    return { id: found.id, ordered, ...begun };
  }

  async ended(world, placed, known) {
    let order;
    await eventually(async () => {
      order = await world.ask('GET', `/v1/orders/${placed.id}`);
      return ENDED.includes(order.state);
    });
    this.orders.push({
      ...placed,
      ...(known && { known }),
      steps: stepsOf(world.dir, placed.id),
      state: order.state,
      shown: await Story.shown(world, order),
      ...this.tap.take(),
    });
    return order;
  }

  // What the carrier told unasked of a profile, once the host has `count` of it.
  async told(world, { iccid }, count) {
    const isOfIt = ({ type, subject }) => type === 'profile.notice' && subject === `profile/${iccid}`;
    await eventually(async () => {
      const { items } = await world.ask('GET', '/v1/events?after=0&limit=500');
      this.facts = items.filter(isOfIt).map(({ data: { adapter, ...data } }) => ({
        kind: 'profile', key: iccid, data,
      }));
      return this.facts.length === count;
    });
  }

  // What the host shows of its end.
  static async shown(world, order) {
    const { iccid, eid, result } = order;
    const isProvided = order.type === 'profile.provision' && order.state === 'completed';
    const changes = ['profile.provision', 'profile.cancel'].includes(order.type);
    const states = changes && iccid && await Story.statesIn(world, order);
    const revealed = isProvided && await world.ask('GET', `/v1/profiles/${iccid}/activation-code`);
    return {
      iccid, eid, result, ...(states && { states }), ...(revealed && { activation_code: revealed.activation_code }),
    };
  }

  // What the order's steps made of its profile, in order.
  static async statesIn(world, { iccid, created }) {
    const { items } = await world.ask('GET', '/v1/events?after=0&limit=500');
    const isOfIt = ({ type, subject, time }) => type === 'profile.state' && time >= created
      && subject === `profile/${iccid}`;
    return items.filter(isOfIt).map(({ data }) => data.state);
  }

  write() {
    const folder = folderOf(this.members.adapter);
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    const { carrier, ...members } = this.members;
    const story = {
      story: this.name, ...members, orders: this.orders, ...this.tap.whole(),
      ...(this.calls.length > 0 && { calls: this.calls }),
      ...(this.facts.length > 0 && { facts: this.facts }),
    };
    const text = JSON.stringify(story, null, 2);
    const file = `${this.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}.json`;
    writeFileSync(join(folder, file), `${text}\n`);
  }
}

// Runs stories one after the other: [name, async (story) => { ... }].
export async function record(members, tap, stories) {
  for (const [name, tell] of stories) {
    const story = new Story(name, members, tap);
    await tell(story);
    story.write();
    console.log(`${members.adapter}: ${name}`);
  }
}
