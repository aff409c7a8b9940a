// What a carrier does behind the protocol: profiles, lines, usage, and the records that
// make asking again safe (PROTOCOL.md 7 and 8). Each effect is counted.

import { codes, operations } from './document.mjs';
import { encode } from './wire.mjs';

export const STATE = {
  Available: 1, Allocated: 2, Linked: 3, Confirmed: 4, Released: 5, Downloaded: 6, Installed: 7, Error: 8, Unavailable: 9,
};
export const LINE = { PROVISIONED: 1, ACTIVE: 2, SUSPENDED: 3, DELETED: 4 };

const RECORD_MS = 7 * 86400 * 1000;
const AHEAD_MS = 86400 * 1000;
const PAGE = 100;

const refusal = (name) => ({ CODE: codes[name] });
const ok = (RESULTS) => ({ CODE: codes.OK, RESULTS });

// line operation -> [states it begins from, state it ends in]
const LINE_MOVES = {
  LINE_ACTIVATE: [[LINE.PROVISIONED], LINE.ACTIVE],
  LINE_SUSPEND: [[LINE.ACTIVE], LINE.SUSPENDED],
  LINE_RESUME: [[LINE.SUSPENDED], LINE.ACTIVE],
  LINE_TERMINATE: [[LINE.PROVISIONED, LINE.ACTIVE, LINE.SUSPENDED], LINE.DELETED],
};

export class Carrier {
  // stock: { P1: 10 }; plans: the names of those that there are, any when undefined.
  constructor(stock) {
    this.profiles = new Map();
    this.lines = new Map();
    this.plans = undefined;
    this.usage = [];
    this.records = new Map(); // id in hex -> { operation, params, answer? }
    this.effects = []; // one entry each time something was carried out
    for (const [type, count] of Object.entries(stock)) {
      for (let i = 0; i < count; i += 1) this.addProfile(type);
    }
  }

  addProfile(type) {
    const iccid = `89950900${String(this.profiles.size + 1).padStart(11, '0')}`;
    this.profiles.set(iccid, { iccid, type, state: STATE.Available });
  }

  // The whole of section 7 for a request whose values are sound: the reply's values.
  take({ id, operation, expires, params }, now, execute = () => this.carryOut(operation, params, id)) {
    const { changes } = operations.get(operation);
    if (!changes) return execute();
    const key = id.toString('hex');
    const bytes = encode(params);
    const record = this.records.get(key);
    if (record) {
      if (record.operation !== operation || !record.bytes.equals(bytes)) return refusal('ID_REUSED');
      return record.answer ?? { CODE: codes.IN_PROGRESS };
    }
    if (expires + RECORD_MS < now) return refusal('FORGOTTEN');
    if (expires < now) return refusal('EXPIRED');
    if (expires > now + AHEAD_MS) return refusal('EXPIRES_TOO_FAR');
    const fresh = { operation, bytes };
    this.records.set(key, fresh);
    const answer = execute();
    const kind = answer.CODE >> 8;
    if (answer.CODE === codes.OK || kind === 3) fresh.answer = answer;
    else if (kind === 1 || kind === 2) this.records.delete(key);
    return answer;
  }

  carryOut(operation, params, id) {
    const { name } = operations.get(operation);
    const answer = this[name]?.(params) ?? this.moveLine(name, params);
    if (answer.CODE === codes.OK && operations.get(operation).changes) {
      this.effects.push({ name, id: id.toString('hex'), params });
    }
    return answer;
  }

  finish(id) {
    const record = this.records.get(id.toString('hex'));
    record.answer = this.carryOut(record.operation, record.params, id);
    return record.answer;
  }

  REQUEST_STATUS({ TARGET_ID, EXPIRES }, now = Date.now()) {
    const record = this.records.get(TARGET_ID.toString('hex'));
    if (record?.answer) return ok({ REQUEST_STATE: 3, ANSWER: record.answer });
    if (record) return ok({ REQUEST_STATE: 2 });
    return ok({ REQUEST_STATE: EXPIRES + RECORD_MS < now ? 4 : 1 });
  }

  noPlan(PLAN) {
    return PLAN !== undefined && this.plans !== undefined && !this.plans.includes(PLAN);
  }

  PROFILE_ORDER({ ICCID, PROFILE_TYPE, EID, PLAN }) {
    if (this.noPlan(PLAN)) return refusal('PLAN_UNKNOWN');
    const all = [...this.profiles.values()];
    if (PROFILE_TYPE && !all.some(({ type }) => type === PROFILE_TYPE)) return refusal('PROFILE_TYPE_UNKNOWN');
    if (ICCID && !this.profiles.has(ICCID)) return refusal('ICCID_UNKNOWN');
    const profile = ICCID ? this.profiles.get(ICCID)
      : all.find(({ type, state }) => type === PROFILE_TYPE && state === STATE.Available);
    if (!profile) return refusal('STOCK_EMPTY');
    if (PROFILE_TYPE && profile.type !== PROFILE_TYPE) return refusal('PROFILE_TYPE_MISMATCH');
    if (profile.state !== STATE.Available) return refusal('ICCID_IN_USE');
    profile.state = EID ? STATE.Linked : STATE.Allocated;
    profile.eid = EID;
    return ok({ ICCID: profile.iccid, PROFILE_STATE: profile.state, EID });
  }

  find({ ICCID, EID, MATCHING_ID }) {
    const profile = this.profiles.get(ICCID);
    if (!profile) return { wrong: refusal('ICCID_UNKNOWN') };
    if (EID && profile.eid && profile.eid !== EID) return { wrong: refusal('EID_DIFFERS') };
    if (MATCHING_ID && profile.matchingId && profile.matchingId !== MATCHING_ID) {
      return { wrong: refusal('MATCHING_ID_DIFFERS') };
    }
    return { profile };
  }

  PROFILE_CONFIRM(params) {
    const { profile, wrong } = this.find(params);
    if (wrong) return wrong;
    if (![STATE.Allocated, STATE.Linked].includes(profile.state)) return refusal('WRONG_STATE');
    profile.matchingId = params.MATCHING_ID ?? `M-${profile.iccid.slice(-5)}-${Math.random().toString(36).slice(2, 8).toUpperCase()}`;
    profile.eid ??= params.EID;
    profile.state = params.RELEASE ? STATE.Released : STATE.Confirmed;
    const flag = params.CONFIRMATION_CODE ? '$$1' : '';
    return ok({
      MATCHING_ID: profile.matchingId,
      ACTIVATION_CODE: `1$smdp.carrier.example$${profile.matchingId}${flag}`,
      PROFILE_STATE: profile.state,
      SMDP_ADDRESS: 'smdp.carrier.example',
      EID: profile.eid,
    });
  }

  PROFILE_RELEASE(params) {
    const { profile, wrong } = this.find(params);
    if (wrong) return wrong;
    if (profile.state !== STATE.Confirmed) return refusal('WRONG_STATE');
    profile.state = STATE.Released;
    return ok({ PROFILE_STATE: profile.state });
  }

  PROFILE_CANCEL(params) {
    const { profile, wrong } = this.find(params);
    if (wrong) return wrong;
    if ([STATE.Downloaded, STATE.Installed].includes(profile.state)) return refusal('ALREADY_DOWNLOADED');
    if ([STATE.Available, STATE.Unavailable].includes(profile.state)) return refusal('WRONG_STATE');
    Object.assign(profile, { state: params.FINAL_STATE, eid: undefined, matchingId: undefined });
    return ok({ PROFILE_STATE: profile.state });
  }

  PROFILE_STATUS(params) {
    const { profile, wrong } = this.find(params);
    return wrong ?? ok({ PROFILE_STATE: profile.state, EID: profile.eid, AT: Date.now() });
  }

  moveLine(name, { MSISDN, PLAN }) {
    if (this.noPlan(PLAN)) return refusal('PLAN_UNKNOWN');
    const [from, to] = LINE_MOVES[name];
    const state = this.lines.get(MSISDN) ?? LINE.PROVISIONED;
    if (/^9599999/.test(MSISDN)) return refusal('MSISDN_UNKNOWN');
    if (state !== to && !from.includes(state)) return refusal('LINE_WRONG_STATE');
    this.lines.set(MSISDN, to);
    return ok({ LINE_STATE: to, CARRIER_REF: name === 'LINE_ACTIVATE' ? `REF-${MSISDN}` : undefined });
  }

  USAGE_READ({ FROM, TO, CURSOR }) {
    const all = this.usage.filter((record) => record.FROM >= FROM && record.FROM < TO);
    const start = CURSOR ? CURSOR.readUInt32BE(0) : 0;
    const end = start + PAGE;
    const cursor = Buffer.alloc(4);
    cursor.writeUInt32BE(end);
    return ok({ RECORD: all.slice(start, end), CURSOR: end < all.length ? cursor : undefined });
  }
}
