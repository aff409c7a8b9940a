// A carrier as plugins/ooredoo/contract/README.md describes one: profiles, lines, usage.
// Plain objects in, plain objects out; whoever speaks SOAP puts it on the wire.

const DONE = { code: '0' };
const refuse = (code) => ({ result: { code } });

// Luhn's check digit, for ICCIDs.
function checked(digits) {
  let sum = 0;
  [...digits].reverse().forEach((digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return digits + String((10 - (sum % 10)) % 10);
}

export class Carrier {
  constructor(stock) {
    this.stock = new Map(Object.entries(stock));
    this.profiles = new Map();
    this.references = new Map();
    this.lines = new Map();
    this.answered = new Map();
    this.usage = [];
    this.effects = []; // What was really done, in order.
  }

  // The answer to a request; a changing one is answered the same when it comes again.
  call(name, args) {
    if (name === 'OrderProfile' || name === 'QueryProfile' || name === 'ReadUsage') {
      return this[name](args);
    }
    const key = `${name} ${args.requestId}`;
    if (this.answered.has(key)) return this.answered.get(key);
    const answer = this[name](args);
    if (['0', '200'].includes(answer.result.code)) this.answered.set(key, answer);
    return answer;
  }

  OrderProfile({ clientReference, profileType, iccid, eid }) {
    if (this.references.has(clientReference)) return refuse('409');
    const type = profileType ?? 'P1';
    if (!this.stock.has(type)) return refuse('411');
    if (iccid && this.profiles.has(iccid)) return refuse('413');
    if (this.stock.get(type) === 0) return refuse('410');
    this.stock.set(type, this.stock.get(type) - 1);
    const profile = {
      iccid: iccid ?? checked(`8995050${String(this.profiles.size + 1).padStart(11, '0')}`),
      clientReference,
      ...(eid && { eid }),
      state: eid ? 'Linked' : 'Allocated',
    };
    this.profiles.set(profile.iccid, profile);
    this.references.set(clientReference, profile);
    this.effects.push(`order ${clientReference}`);
    return { result: DONE, profile: { ...profile } };
  }

  ConfirmProfile({ iccid, eid, matchingId, release }) {
    const profile = this.profiles.get(iccid);
    if (!profile) return refuse('404');
    if (!['Allocated', 'Linked'].includes(profile.state)) return refuse('412');
    if (eid && profile.eid && profile.eid !== eid) return refuse('414');
    const released = release === true || release === 'true';
    profile.state = released ? 'Released' : 'Confirmed';
    profile.matchingId = matchingId ?? `M-${this.effects.length}-XYZ`;
    profile.smdpAddress = 'smdp.carrier.example';
    this.effects.push(`confirm ${iccid}`);
    return { result: DONE, profile: { ...profile } };
  }

  CancelProfile({ iccid, finalState }) {
    const profile = this.profiles.get(iccid);
    if (!profile) return refuse('404');
    if (['Downloaded', 'Installed'].includes(profile.state)) return refuse('412');
    profile.state = finalState ?? 'Available';
    this.effects.push(`cancel ${iccid}`);
    return { result: DONE, profile: { iccid, state: profile.state } };
  }

  QueryProfile({ clientReference, iccid }) {
    const profile = clientReference
      ? this.references.get(clientReference) : this.profiles.get(iccid);
    return profile ? { result: DONE, profile: { ...profile } } : refuse('404');
  }

  line(name, msisdn, from, to) {
    const state = this.lines.get(msisdn);
    if (name !== 'activate' && !state) return refuse('404');
    const line = { msisdn, lineState: to };
    if (state === to) return { result: { code: '200' }, line };
    if (state && !from.includes(state)) return refuse('412');
    this.lines.set(msisdn, to);
    this.effects.push(`${name} ${msisdn}`);
    return { result: DONE, line: { ...line, carrierReference: `L${this.effects.length}` } };
  }

  ActivateLine({ msisdn }) {
    return this.line('activate', msisdn, ['PROVISIONED'], 'ACTIVE');
  }

  SuspendLine({ msisdn }) {
    return this.line('suspend', msisdn, ['ACTIVE'], 'SUSPENDED');
  }

  ResumeLine({ msisdn }) {
    return this.line('resume', msisdn, ['SUSPENDED'], 'ACTIVE');
  }

  TerminateLine({ msisdn }) {
    return this.line('terminate', msisdn, ['ACTIVE', 'SUSPENDED'], 'DELETED');
  }

  ReadUsage({ msisdn }) {
    return this.lines.has(msisdn)
      ? { result: DONE, record: this.usage } : refuse('404');
  }
}

export const OPERATIONS = [
  'OrderProfile', 'ConfirmProfile', 'CancelProfile', 'QueryProfile', 'ActivateLine',
  'SuspendLine', 'ResumeLine', 'TerminateLine', 'ReadUsage',
];
