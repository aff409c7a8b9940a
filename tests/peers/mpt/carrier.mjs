// The application behind the short code, as plugins/mpt/README.md's example has it: words
// in, words out, and what they did.

export class Carrier {
  constructor() {
    this.lines = new Map(); // msisdn -> state
    this.profiles = new Map(); // iccid -> { eid, ref }
    this.commands = []; // every text that came
    this.effects = new Map(); // reference -> how often it had an effect
  }

  #did(ref) {
    this.effects.set(ref, (this.effects.get(ref) ?? 0) + 1);
  }

  // undefined: no reply.
  answer(text) {
    this.commands.push(text);
    const [word, subject, ref] = text.split(' ');
    const states = { ACT: 'ACTIVE', SUS: 'SUSPENDED', RES: 'ACTIVE', DEL: 'DELETED' };
    if (word in states) return this.#line(subject, ref, states[word]);
    if (word === 'ESIM') return this.#profile(subject, ref);
    return undefined;
  }

  #line(msisdn, ref, state) {
    if (msisdn.endsWith('000')) return `ERR ${ref} 12`;
    if (msisdn.endsWith('111')) return `BUSY ${ref}`;
    this.lines.set(msisdn, state);
    this.#did(ref);
    return `OK ${ref}`;
  }

  #profile(eid, ref) {
    const number = String(this.profiles.size).padStart(8, '0');
    const iccid = `89950100000${number}`;
    this.profiles.set(iccid, { eid, ref });
    this.#did(ref);
    return `ESIM ${ref} ${iccid} LPA:1$smdp.carrier.example$M-${this.profiles.size}`;
  }
}

const COMMANDS = {
  'line.activate': { text: 'ACT {{msisdn}} {{ref}}' },
  'line.suspend': { text: 'SUS {{msisdn}} {{ref}}' },
  'line.resume': { text: 'RES {{msisdn}} {{ref}}' },
  'line.terminate': { text: 'DEL {{msisdn}} {{ref}}' },
  'profile.order': {
    text: 'ESIM {{eid}} {{ref}}',
    replies: [{ match: 'ESIM {{ref}} {{iccid}} {{activation_code}}', means: 'done' }],
  },
};
const REPLIES = [
  { match: 'OK {{ref}}', means: 'done' },
  { match: 'BUSY {{ref}}', means: 'busy' },
  { match: 'ERR {{ref}} 12', means: 'refused', code: 'line_unknown' },
];

// The settings that go with it, as YAML lines; `commands` replaces some.
export const settingsWith = (commands) => [
  'source: "8888"',
  'command_to: "1332"',
  `commands: '${JSON.stringify({ ...COMMANDS, ...commands })}'`,
  `replies: '${JSON.stringify(REPLIES)}'`,
];

export const SETTINGS = settingsWith({});
